/* The words of a hosted map, in English and in Vietnamese. */
export const HOSTED_WORDS = {
  needsServer: ["This map must come from a web server: its outlines cannot be read from disk. Put the whole folder on one, or make a map of one file without --hosted.",
    "Bản đồ này phải được mở từ máy chủ web: không thể đọc ranh giới từ đĩa. Hãy đặt cả thư mục lên máy chủ, hoặc tạo bản đồ một tệp không có --hosted."],
  needsRanges: ["This map's server sends whole files only: it must answer range requests (Accept-Ranges: bytes). Use another server, or make a map without --hosted.",
    "Máy chủ của bản đồ này chỉ gửi cả tệp: máy chủ phải trả lời yêu cầu từng phần (Accept-Ranges: bytes). Hãy dùng máy chủ khác, hoặc tạo bản đồ không có --hosted."],
  archiveBroken: ["A part of this map cannot be read: {file}. Upload the whole folder again.", "Không đọc được một phần của bản đồ: {file}. Hãy tải lại cả thư mục lên máy chủ."],
  serverAway: ["The server of this map does not answer ({file}). Load the page again.", "Máy chủ của bản đồ không trả lời ({file}). Hãy tải lại trang."],
};
