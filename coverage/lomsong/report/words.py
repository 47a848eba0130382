"""The words of the report and of its pictures, in English and in Vietnamese."""

from lomsong.wording import LANGUAGES, Language


def say(key: str, language: Language, **values: object) -> str:
    """
    Return a text of the report, with values for the names in braces.

    Examples
    --------
    >>> say("villages", "vi")
    'Thôn bản'
    """
    return WORDS[key][LANGUAGES.index(language)].format(**values)


#: English, Vietnamese.
WORDS: dict[str, tuple[str, str]] = {
    "synthetic": (
        "Synthetic data: the district, its people and its network are made up.",
        "Dữ liệu mô phỏng: huyện, dân cư và mạng lưới đều được tạo ra, không có thật.",
    ),
    "title": ("coverage gaps", "vùng lõm sóng"),
    "by_line": (
        "Coverage gaps by lomsong {version} · {villages} villages · seed {seed} · technologies that count: {technologies}",
        "Vùng lõm sóng theo lomsong {version} · {villages} thôn bản · số gieo {seed} · công nghệ được tính: {technologies}",
    ),
    "result": ("Result", "Kết quả"),
    "status": ("Status", "Tình trạng"),
    "meaning": ("Meaning", "Ý nghĩa"),
    "villages": ("Villages", "Thôn bản"),
    "village": ("Village", "Thôn bản"),
    "people": ("People", "Số dân"),
    "why_verify": ("Why villages are to be verified:", "Lý do cần kiểm tra:"),
    "by_hand": ("{count} verdicts were set by hand.", "{count} kết luận được đặt thủ công."),
    "set_by_hand": ("set by hand", "đặt thủ công"),
    "truth": ("Compared with the truth", "So với sự thật"),
    "truth_text": (
        "This district is synthetic, so the answer is known. Of {villages} villages {dark} truly have no signal at the centre; "
        "the prediction gives p < 0.5 to {alarms} villages, {found} of them rightly (recall {recall}, precision {precision}). The truth "
        "is made by other rules than the prediction uses: other diffraction, clutter, shadowing, wrong powers, masts that are missing, "
        "moved or switched off.",
        "Huyện này là mô phỏng nên đã biết đáp án. Trong {villages} thôn bản có {dark} thôn thực sự không có sóng ở trung tâm; dự báo cho "
        "p < 0,5 ở {alarms} thôn, đúng {found} thôn (độ phủ {recall}, độ chính xác {precision}). Sự thật được tạo theo quy tắc khác với "
        "dự báo: nhiễu xạ khác, lớp phủ khác, che khuất, công suất sai, trạm bị thiếu, bị dời hoặc đã tắt.",
    ),
    "missed": ("Dark, but predicted lit: {names}.", "Không có sóng nhưng dự báo là có: {names}."),
    "verdict": ("Verdict", "Kết luận"),
    "truly_dark": ("Truly no signal", "Thực sự không có sóng"),
    "truly_lit": ("Truly signal", "Thực sự có sóng"),
    "broadband": ("Broadband", "Băng rộng"),
    "unready": (
        "About {people} people cannot use online public services: they have neither signal with at least {download}/{upload} "
        "Mbit/s nor a fixed line that is known to be there and fast enough.",
        "Khoảng {people} người không dùng được dịch vụ công trực tuyến: họ không có sóng với tốc độ ít nhất {download}/{upload} Mbit/s, "
        "cũng không có mạng cố định được biết là có và đủ nhanh.",
    ),
    "unready_unknown": (
        "Villages where this could not be told: {count}.",
        "Chưa xác định được ở {count} thôn bản.",
    ),
    "signal_alone": (
        "Nobody measured a speed, so signal was taken for enough.",
        "Không có phép đo tốc độ nào nên có sóng được coi là đủ.",
    ),
    "connection": ("Connection", "Kết nối"),
    "need": ("Need", "Mức cần"),
    "where_need": ("Where need is greatest", "Nơi cần nhất"),
    "need_text": (
        "The first {shown} of {total}; ranking.csv has them all. Need weighs, as percentile ranks, unserved people {people}, how "
        "grave the lack of service is {severity}, isolation (distance to a road, or to the nearest mast where no roads are given) "
        "{isolation}, and social facts {social} where they are given.",
        "{shown} thôn bản đầu trong {total}; ranking.csv có đầy đủ. Mức cần tính theo hạng phần trăm với trọng số: số dân không có sóng "
        "{people}, mức độ nghiêm trọng {severity}, cách biệt (khoảng cách tới đường, hoặc tới trạm BTS gần nhất nếu không có dữ liệu đường) "
        "{isolation}, và yếu tố xã hội {social} nếu có dữ liệu.",
    ),
    "rank": ("Rank", "Hạng"),
    "unserved": ("Expected without signal", "Dự kiến không có sóng"),
    "reasons": ("Reasons", "Lý do"),
    "assumed": ("What was assumed", "Những gì được giả định"),
    "noticed": ("What was noticed in the data", "Ghi chú về dữ liệu"),
    "english_only": ("", "Các ghi chú dưới đây chỉ có bằng tiếng Anh."),
    "nothing": ("nothing", "không có"),
    "method": ("Method", "Phương pháp"),
    "method_text": (
        "Level = EIRP towards the place − free-space loss − loss over the terrain ({model}, median of time and locations), as each "
        "technology measures it (RSRP, RSCP, RXLEV). The spread of the real level about it grows from {clear} dB on a clear path to "
        "{blocked} dB behind an obstacle. p is the chance that any server is above its threshold, with a correlation of {correlation} "
        "between masts. Thresholds: {thresholds}. Defaults are assumptions until a user sets them.",
        "Mức thu = công suất bức xạ đẳng hướng tương đương về phía điểm thu − suy hao không gian tự do − suy hao qua địa hình ({model}, trung "
        "vị theo thời gian và vị trí), theo cách đo của từng công nghệ (RSRP, RSCP, RXLEV). Độ phân tán của mức thực quanh giá trị đó tăng từ "
        "{clear} dB khi đường truyền thông thoáng đến {blocked} dB sau vật cản. p là khả năng có ít nhất một trạm vượt ngưỡng, với hệ số tương "
        "quan {correlation} giữa các trạm. Ngưỡng: {thresholds}. Giá trị mặc định là giả định cho tới khi người dùng đặt.",
    ),
    "sources": ("Sources", "Nguồn dữ liệu"),
    "self_test": ("Can this be trusted?", "Kết quả này đáng tin đến đâu?"),
    "tested_by_truth": (
        "{villages} villages whose answer is known: Brier score {brier}, expected calibration error {error}.",
        "{villages} thôn bản đã biết đáp án: điểm Brier {brier}, sai số hiệu chuẩn kỳ vọng {error}.",
    ),
    "tested_by_samples": (
        "{samples} bins of samples on land that the calibration had not seen: root mean square error of the level {rmse} dB. "
        "Samples exist only where a phone was served, so they say nothing of places without signal.",
        "{samples} ô mẫu đo ở những khu vực mà bước hiệu chuẩn chưa thấy: sai số bình phương trung bình của mức thu {rmse} dB. Mẫu chỉ có ở nơi "
        "điện thoại bắt được sóng, nên không nói gì về nơi không có sóng.",
    ),
    "tested_by_nothing": (
        "Nothing is known to hold the result against: no truth, and no signal samples on enough separate land. Field checks mend that: "
        "field_checks.csv lists where one is worth most.",
        "Không có gì để đối chiếu: không có sự thật, cũng không có đủ mẫu đo sóng trên các khu vực tách biệt. Kiểm tra thực địa sẽ bổ sung: "
        "field_checks.csv liệt kê nơi đáng kiểm tra nhất.",
    ),
    "reliability": ("Reliability", "Độ tin cậy của xác suất"),
    "reliability_alt": (
        "Share of villages with signal against the predicted chance; on the dashed line they agree",
        "Tỷ lệ thôn bản có sóng theo xác suất dự báo; trùng đường nét đứt là khớp",
    ),
    "predicted_chance": ("predicted chance of signal", "xác suất có sóng theo dự báo"),
    "found_share": ("share that has signal (bars: 90 %)", "tỷ lệ thực có sóng (vạch: 90 %)"),
    "coverage": ("Coverage of intervals", "Tỷ lệ nằm trong khoảng"),
    "coverage_alt": (
        "Share of held-out levels inside their interval against the share that should be; on the dashed line they agree",
        "Tỷ lệ mức thu nằm trong khoảng so với tỷ lệ phải có; trùng đường nét đứt là khớp",
    ),
    "nominal": ("probability of the interval", "xác suất của khoảng"),
    "inside": ("share of levels inside", "tỷ lệ mức thu nằm trong"),
    "drivers": ("Where the errors come from", "Sai số đến từ đâu"),
    "drivers_alt": (
        "Part of all squared errors of each group of villages, beside its part of all villages",
        "Phần sai số bình phương của từng nhóm thôn bản, bên cạnh phần thôn bản của nhóm",
    ),
    "driver_distance": ("nearest mast", "trạm gần nhất"),
    "driver_evidence": ("evidence", "bằng chứng"),
    "driver_status": ("status", "tình trạng"),
    "of_errors": ("part of the errors", "phần sai số"),
    "of_villages": ("part of the villages", "phần thôn bản"),
    "confusion": ("Verdicts against the truth", "Kết luận so với sự thật"),
}
