/* Every word of the page, in English and in Vietnamese. */
const WORDS = {
  kind: ["Mobile coverage gaps", "Vùng lõm sóng di động"],
  villages: ["Villages", "Thôn bản"],
  masts: ["Masts", "Trạm phát sóng"],
  relief: ["Relief", "Địa hình"],
  syntheticMark: ["SYNTHETIC DATA", "DỮ LIỆU MÔ PHỎNG"],
  synthetic: [" made up, not a real place", " được tạo ra để minh hoạ, không phải địa danh có thật"],
  headline: ["of {n} villages without signal", "trên {n} thôn bản không có sóng"],
  headlineOne: ["of 1 village without signal", "trên 1 thôn bản không có sóng"],
  homeTo: [", home to {people}", ", nơi sinh sống của {people}"],
  person: ["{n} person", "{n} người"],
  people: ["{n} people", "{n} người"],
  peopleColumn: ["People", "Số dân"],
  aboutPeople: ["about {n} people", "khoảng {n} người"],
  households: ["{n} households", "{n} hộ"],
  status: ["Status", "Tình trạng"],
  "status.white": ["White", "Trắng sóng"],
  "status.hollow": ["Hollow", "Lõm sóng"],
  "status.underserved": ["Underserved", "Sóng kém"],
  "status.verify": ["Verify", "Cần kiểm tra"],
  "status.covered": ["Covered", "Có sóng"],
  "status.served": ["Served", "Đạt yêu cầu"],
  "status.other": ["Unknown", "Không rõ"],
  "meaning.white": ["no signal at the centre", "trung tâm không có sóng"],
  "meaning.hollow": ["gaps around the centre", "quanh trung tâm còn chỗ mất sóng"],
  "meaning.underserved": ["signal, but too slow", "có sóng nhưng quá chậm"],
  "meaning.verify": ["needs checking", "cần đối chiếu thực địa"],
  "meaning.covered": ["signal, speed unknown", "có sóng, chưa rõ tốc độ"],
  "meaning.served": ["signal, fast enough", "có sóng, đủ nhanh"],
  "meaning.other": ["status not known to this map", "bản đồ không biết tình trạng này"],
  "cause.contradiction": ["the evidence contradicts itself", "các bằng chứng mâu thuẫn nhau"],
  "cause.weak evidence": ["the evidence is too weak", "bằng chứng còn yếu"],
  "cause.missing input": ["input is missing", "thiếu dữ liệu đầu vào"],
  "evidence.measured": ["measurements", "đo thực tế"],
  "evidence.predicted": ["prediction only", "chỉ có dự báo"],
  "evidence.both": ["prediction and measurements", "dự báo và đo thực tế"],
  "evidence.none": ["none", "không có"],
  populationUnknown: ["Population not known in {n} villages.", "Chưa rõ số dân của {n} thôn bản."],
  populationUnknownOne: ["Population not known in 1 village.", "Chưa rõ số dân của 1 thôn bản."],
  ranking: ["Ranking", "Xếp hạng"],
  notRanked: ["These villages have not been ranked.", "Các thôn bản này chưa được xếp hạng."],
  fundFirst: ["Fund first", "Ưu tiên đầu tư"],
  topByNeed: ["top {n} by need", "{n} thôn bản cần nhất"],
  nWithout: ["{n} without signal", "{n} người không có sóng"],
  signalLikely: ["signal {p} likely", "khả năng có sóng {p}"],
  find: ["Find a village", "Tìm thôn bản"],
  findHint: ["Name, commune or code", "Tên, xã hoặc mã"],
  noneFound: ["No village found.", "Không tìm thấy thôn bản nào."],
  found: ["{n} found", "Tìm thấy {n}"],
  firstShown: [", the first {n} shown", ", hiển thị {n} kết quả đầu"],
  showPanel: ["Show the panel", "Mở bảng thông tin"],
  hidePanel: ["Hide the panel", "Đóng bảng thông tin"],
  mapLabel: ["Map of the villages; the panel lists and finds them", "Bản đồ thôn bản; bảng bên cạnh có danh sách và ô tìm kiếm"],
  close: ["Close", "Đóng"],
  zoomIn: ["Zoom in", "Phóng to"],
  zoomOut: ["Zoom out", "Thu nhỏ"],
  notKnown: ["not known", "chưa rõ"],
  yes: ["yes", "có"],
  no: ["no", "không"],
  signalAtCentre: ["Signal at the centre", "Sóng ở trung tâm"],
  likely: ["{p} likely", "khả năng {p}"],
  peopleWithSignal: ["People with signal", "Số dân có sóng"],
  livesHere: ["Lives here", "Dân cư"],
  withoutSignal: ["Without signal", "Không có sóng"],
  nearestMast: ["Nearest mast", "Trạm gần nhất"],
  mobileDownload: ["Mobile download", "Tốc độ tải di động"],
  fixedLine: ["Fixed line", "Mạng cố định"],
  gridPower: ["Grid power", "Điện lưới"],
  fundArea: ["Fund area", "Thuộc vùng quỹ viễn thông công ích"],
  evidence: ["Evidence", "Bằng chứng"],
  confidence: ["Confidence", "Độ tin cậy"],
  present: ["present", "có"],
  interval: ["80 % interval {low} to {high}", "khoảng 80 %: {low} đến {high}"],
  noTests: ["no tests here", "không có lượt đo ở đây"],
  test: ["{n} test", "{n} lượt đo"],
  tests: ["{n} tests", "{n} lượt đo"],
  rankOf: ["Rank {rank} of {size}", "Hạng {rank} trên {size}"],
  needOf: ["need {need} of 100", "mức cần {need} trên 100"],
  need_people: ["People", "Số dân"],
  need_severity: ["Severity", "Mức độ"],
  need_isolation: ["Isolation", "Cách biệt"],
  site: ["Site", "Trạm"],
  sites: ["Sites", "Các trạm"],
  operatorNotKnown: ["operator not known", "chưa rõ nhà mạng"],
};

const LANGUAGES = ["en", "vi"];
let chosen = 0;

export const language = () => LANGUAGES[chosen];
export const languages = () => LANGUAGES;

export function setLanguage(name) {
  chosen = Math.max(0, LANGUAGES.indexOf(name));
}

export const has = (key) => Object.hasOwn(WORDS, key);

/** A text of the page, with values for the names in braces. */
export function t(key, values = {}) {
  if (!has(key)) throw new Error("no text called " + key);
  return WORDS[key][chosen].replace(/\{(\w+)\}/g, (_, name) => values[name]);
}

export const allWords = WORDS;
