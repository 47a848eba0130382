"""The words of the summary, of the pages of villages and of their pictures, in English and in Vietnamese."""

from lomsong.wording import LANGUAGES, Language


def say_village(key: str, language: Language, **values: object) -> str:
    """
    Return a text, with values for the names in braces.

    Examples
    --------
    >>> say_village("mast", "vi")
    'Trạm BTS'
    """
    return VILLAGE_WORDS[key][LANGUAGES.index(language)].format(**values)


#: English, Vietnamese.
VILLAGE_WORDS: dict[str, tuple[str, str]] = {
    "area_map": ("Villages by status", "Thôn bản theo tình trạng"),
    "area_map_alt": ("Map of all villages by status.", "Bản đồ các thôn bản theo tình trạng."),
    "plan_map": ("Where the plan builds", "Vị trí xây dựng theo phương án"),
    "status_bars": ("Villages and people by status", "Số thôn bản và số dân theo tình trạng"),
    "villages_unit": ("villages", "thôn bản"),
    "people_unit": ("people", "người"),
    "share_white_one": ("villages without signal,", "tỷ lệ thôn bản không có sóng"),
    "share_white_two": ("share in each square", "trong mỗi ô vuông"),
    "proposed_site": ("Proposed site", "Trạm đề xuất"),
    "mast": ("Mast", "Trạm BTS"),
    "best_mast": ("Best mast", "Trạm tốt nhất"),
    "village_map": ("Around {village}", "Khu vực quanh {village}"),
    "village_map_alt": (
        "Map of {village} ({status}) among its neighbours, with the masts near it.",
        "Bản đồ {village} ({status}) cùng các thôn lân cận và các trạm BTS gần đó.",
    ),
    "first": ("Where to begin", "Bắt đầu từ đâu"),
    "first_text": (
        "The greatest need is in {village}{where}: {status}; {reasons}.",
        "Nơi cần nhất là {village}{where}: {status}; {reasons}.",
    ),
    "first_sure": (
        "How sure: the chance of signal at its centre is {p} and the verdict is right with a chance of {confidence}; over draws of what "
        "is not known its rank lies between {low} and {high} in nine cases of ten.",
        "Mức chắc chắn: xác suất có sóng ở trung tâm là {p}, xác suất kết luận đúng là {confidence}; khi thử các khả năng chưa biết, hạng nằm "
        "từ {low} đến {high} trong chín phần mười trường hợp.",
    ),
    "first_unsure": (
        "How sure: the chance of signal at its centre is {p}; evidence is missing or set aside by hand, so nothing says how sure the verdict is. Over draws of "
        "what is not known its rank lies between {low} and {high} in nine cases of ten.",
        "Mức chắc chắn: xác suất có sóng ở trung tâm là {p}; thiếu bằng chứng hoặc kết luận được đặt thủ công nên không nói được kết luận chắc đến đâu. Khi thử các "
        "khả năng chưa biết, hạng nằm từ {low} đến {high} trong chín phần mười trường hợp.",
    ),
    "first_cost": ("What it costs: {cost}", "Chi phí: {cost}"),
    "first_assumed": (
        "All of this rests on {count} assumptions about the data, listed under “{where}”, and on the settings listed at the end.",
        "Tất cả dựa trên {count} giả định về dữ liệu, liệt kê ở mục “{where}”, và trên các thiết lập liệt kê ở cuối.",
    ),
    "groups": ("By status, grid power and fund eligibility", "Theo tình trạng, điện lưới và diện Quỹ"),
    "areas": ("By {level}", "Theo {level}"),
    "level_province": ("province", "tỉnh"),
    "level_district": ("district", "huyện"),
    "level_commune": ("commune", "xã"),
    "areas_more": (
        "The {shown} with the most people without signal of {total}; summary.csv has them all.",
        "{shown} nơi có nhiều dân không có sóng nhất trong {total}; summary.csv có đầy đủ.",
    ),
    "area": ("Area", "Khu vực"),
    "households": ("Households", "Số hộ"),
    "grid_power": ("Grid power", "Điện lưới"),
    "fund_eligible": ("Fund-eligible", "Thuộc diện Quỹ"),
    "yes": ("yes", "có"),
    "no": ("no", "không"),
    "unknown": ("unknown", "chưa rõ"),
    "covered_people": ("People with signal (SDG 9.c.1)", "Tỷ lệ dân có sóng (SDG 9.c.1)"),
    "pages": ("The villages one by one", "Từng thôn bản"),
    "pages_text": (
        "A page for each of the first {count} villages of the ranking.",
        "Mỗi thôn bản trong {count} thôn bản đầu bảng xếp hạng có một trang.",
    ),
    "why": ("Why", "Vì sao"),
    "sure": ("How sure", "Mức chắc chắn"),
    "cost": ("What it costs", "Chi phí"),
    "facts": ("Facts", "Thông tin"),
    "verdict": ("Status", "Tình trạng"),
    "where": ("Commune, district, province", "Xã, huyện, tỉnh"),
    "people": ("People", "Số dân"),
    "unserved": ("Expected without signal", "Dự kiến không có sóng"),
    "p_signal": ("Chance of signal at the centre", "Xác suất có sóng ở trung tâm"),
    "confidence": ("Chance that the verdict is right", "Xác suất kết luận đúng"),
    "covered_share": ("People with signal", "Tỷ lệ dân có sóng"),
    "evidence": ("Rests on", "Căn cứ"),
    "tests": ("Mobile tests in the village", "Số lượt đo di động trong thôn"),
    "download": ("Median mobile download (80 % interval)", "Tốc độ tải xuống trung vị (khoảng 80 %)"),
    "fixed_line": ("Fixed line", "Mạng cố định"),
    "nearest": ("Nearest recorded mast", "Trạm BTS gần nhất trong danh sách"),
    "rank_interval": ("Rank in nine cases of ten", "Hạng trong chín phần mười trường hợp"),
    "p_top": ("Chance to be in the top group", "Xác suất nằm trong nhóm đầu"),
    "need_parts": (
        "Need {need}: unserved people {people}, severity {severity}, isolation {isolation}, social {social} (percentile ranks)",
        "Mức cần {need}: dân không có sóng {people}, mức nghiêm trọng {severity}, cách biệt {isolation}, xã hội {social} (hạng phần trăm)",
    ),
    "no_path": (
        "No terrain profile: no mast within reach, or the village has no place.",
        "Không có mặt cắt địa hình: không có trạm trong tầm, hoặc thôn không có vị trí.",
    ),
    "no_place": ("No map: the village has no place.", "Không có bản đồ: thôn không có vị trí."),
    "since": ("Since {run}", "So với {run}"),
    "since_text": (
        "Newly covered {covered}, newly dark {dark}, still dark {still}. Villages without signal: {before} before, {after} now.",
        "Mới có sóng {covered}, mới mất sóng {dark}, vẫn không có sóng {still}. Thôn bản không có sóng: trước {before}, nay {after}.",
    ),
    "change": ("Change", "Thay đổi"),
    "before": ("Before", "Trước"),
    "after": ("Now", "Nay"),
    "cause": ("What can have caused it", "Nguyên nhân có thể"),
    "settings_used": (
        "Assumptions and placeholders in the settings",
        "Giả định và giá trị tạm trong thiết lập",
    ),
    "settings_text": (
        "Every setting whose default is an assumption or a placeholder, with the value used here. Prices are placeholders until a user sets them.",
        "Mọi thiết lập có giá trị mặc định là giả định hoặc giá trị tạm, kèm giá trị đã dùng. Giá cả là giá trị tạm cho tới khi người dùng đặt.",
    ),
    "settings_own": ("Set by the user", "Do người dùng đặt"),
    "setting": ("Setting", "Thiết lập"),
    "value": ("Value", "Giá trị"),
    "default": ("Default", "Mặc định"),
    "unit": ("Unit", "Đơn vị"),
    "source": ("Source", "Nguồn"),
    "formulas": ("Formulas", "Công thức"),
    "what": ("What", "Đại lượng"),
    "formula": ("Formula", "Công thức"),
    "quality": ("How good the data is", "Chất lượng dữ liệu"),
    "layer": ("Layer", "Lớp dữ liệu"),
    "grade": ("Grade", "Hạng"),
    "grade_rule": ("The measure that made the grade", "Phép đo quyết định hạng"),
    "grades_text": (
        "A is best, D is worst; each layer has the grade of its worst measure. quality.html tells more.",
        "A tốt nhất, D kém nhất; mỗi lớp có hạng của phép đo kém nhất. Xem thêm quality.html.",
    ),
}
