/* The words of the comparison of runs, in English and in Vietnamese. */
export const RUN_WORDS = {
  throughTime: ["Through time", "Theo thời gian"],
  run: ["Run", "Lần phân tích"],
  sideBySide: ["Side by side with", "Đặt cạnh"],
  noRun: ["no other run", "không lần nào"],
  runSince: ["since {run}: {lit} newly covered, {dark} newly dark", "so với {run}: {lit} nơi mới có sóng, {dark} nơi mới mất sóng"],
  cardsOf: ["Popups, ranking and masts are those of the last run, {run}.", "Ô thông tin, xếp hạng và trạm là của lần cuối, {run}."],
  divider: ["Dividing line: {left} on the left, {right} on the right; the arrow keys move it", "Đường chia: bên trái là {left}, bên phải là {right}; dùng phím mũi tên để dời"],
  absent: ["Not there", "Chưa có"],
  "meaning.absent": ["not among the villages of this run", "không có trong danh sách của lần này"],
};
