"""The words of the plan in the report, in English and in Vietnamese."""

from lomsong.wording import LANGUAGES, Language


def say_plan(key: str, language: Language, **values: object) -> str:
    """
    Return a text about the plan, with values for the names in braces.

    Examples
    --------
    >>> say_plan("tower", "vi")
    'cột anten'
    """
    return PLAN_WORDS[key][LANGUAGES.index(language)].format(**values)


def name_plan(word: str, language: Language) -> str:
    """Return what a language calls a value of the plan's columns; the value itself where it has no name."""
    return PLAN_NAMES.get(word, (word, word))[LANGUAGES.index(language)]


#: English, Vietnamese.
PLAN_WORDS: dict[str, tuple[str, str]] = {
    "plan": ("The plan", "Phương án đầu tư"),
    "plan_text": (
        "Sites to build: {sites}. People reached: {reached} of {people} expected without signal, for {spent} {money} of a budget of {budget} {money} (present "
        "value of capital and running cost over {years} years at {rate} %).",
        "{sites} trạm phục vụ {reached} trên {people} người dự kiến không có sóng, với {spent} {money} trong ngân sách {budget} {money} (giá trị "
        "hiện tại của vốn và chi phí vận hành trong {years} năm, lãi suất {rate} %).",
    ),
    "proven": (
        "Proven: no plan of these candidate sites reaches more people within this budget.",
        "Đã chứng minh: không phương án nào từ các vị trí này phục vụ được nhiều người hơn trong ngân sách.",
    ),
    "bounded": (
        "No plan of these candidate sites reaches over {bound} people within this budget.",
        "Không phương án nào từ các vị trí này phục vụ quá {bound} người trong ngân sách.",
    ),
    "prices": (
        "Prices are placeholders where the settings at the end say so; none is Vietnamese.",
        "Giá cả là giá trị tạm ở những chỗ mà thiết lập ở cuối nêu rõ; không giá nào là của Việt Nam.",
    ),
    "no_plan": (
        "no plan has been made on this run; “lomsong plan RUN --budget N” makes one, then “lomsong report RUN” shows it here.",
        "chưa lập phương án cho lần chạy này; “lomsong plan RUN --budget N” sẽ lập, sau đó “lomsong report RUN” hiển thị tại đây.",
    ),
    "sites_more": (
        "The first {shown} sites of {total}; plan.csv has them all.",
        "{shown} trạm đầu trong {total}; plan.csv có đầy đủ.",
    ),
    "price_list": ("Prices that a plan would use", "Đơn giá mà phương án sẽ dùng"),
    "order": ("Order", "Thứ tự"),
    "year": ("Year", "Năm"),
    "site": ("Site", "Trạm"),
    "kind": ("What", "Loại"),
    "people": ("People reached", "Số dân được phục vụ"),
    "cost": ("Cost", "Chi phí"),
    "total": ("Sum so far", "Cộng dồn"),
    "capital": ("Capital", "Vốn"),
    "per_year": ("Running cost a year", "Vận hành mỗi năm"),
    "backhaul": ("Backhaul", "Truyền dẫn"),
    "payer": ("Who pays", "Nguồn chi trả"),
    "runner_up": ("Runner-up", "Trạm thay thế"),
    "covers": (
        "What each site covers, and what is lost without it",
        "Mỗi trạm phủ những gì, và thiếu nó thì mất gì",
    ),
    "covered": ("Villages that it newly covers", "Thôn bản được phủ sóng thêm"),
    "lost": ("People lost without it", "Số dân mất sóng nếu thiếu trạm"),
    "silenced": ("Sites that fall with it", "Trạm ngừng hoạt động theo"),
    "hops": (
        "The terrain under the microwave hops of the first sites is drawn in plan_backhaul.svg.",
        "Địa hình dưới các chặng viba của những trạm đầu tiên được vẽ trong plan_backhaul.svg.",
    ),
    "parts": ("Cost by part", "Chi phí theo hạng mục"),
    "parts_alt": ("Capital of the plan by part: {told}.", "Vốn của phương án theo hạng mục: {told}."),
    "curve": ("People reached with more and more money", "Số dân được phục vụ khi tăng ngân sách"),
    "curve_alt": (
        "Expected people reached against present value spent, sites built one by one: {told}.",
        "Số dân dự kiến được phục vụ theo giá trị hiện tại đã chi, xây từng trạm: {told}.",
    ),
    "curve_point": ("{people} people for {cost} {money}", "{people} người với {cost} {money}"),
    "spent_axis": ("spent [{money}, present value]", "đã chi [{money}, giá trị hiện tại]"),
    "people_axis": ("people reached", "số dân được phục vụ"),
    "knee": ("beyond here money reaches ever fewer", "từ đây tiền thêm phục vụ ngày càng ít người"),
    "chosen": ("this plan", "phương án này"),
    "left_out": ("Left out, the largest first", "Chưa được phục vụ, nhiều dân nhất trước"),
    "left_why": ("Why", "Vì sao"),
    "comes_in": ("Comes in at a budget of", "Được phục vụ khi ngân sách đạt"),
    "village_site": (
        "site {site} ({kind}), number {order} of the plan, in year {year}: {cost} {money}, of which capital {capital} {money} and {per_year} {money} a "
        "year to run. It reaches {people} people, connected by {backhaul}, power: {power}. Paid by: {payer}.",
        "trạm {site} ({kind}), thứ tự {order} trong phương án, năm {year}: {cost} {money}, trong đó vốn {capital} {money} và vận hành {per_year} "
        "{money} mỗi năm. Phục vụ {people} người, truyền dẫn: {backhaul}, nguồn điện: {power}. Chi trả: {payer}.",
    ),
    "village_out": ("not in the plan: {why}.", "chưa có trong phương án: {why}."),
    "village_in_at": (
        "It would come in at a budget of about {cost} {money}.",
        "Sẽ được phục vụ khi ngân sách đạt khoảng {cost} {money}.",
    ),
    "village_none": (
        "the plan has nobody without signal to reach here.",
        "phương án không có ai thiếu sóng cần phục vụ ở đây.",
    ),
    "assumed": ("What the plan assumed", "Những gì phương án giả định"),
    "tower": ("tower", "cột anten"),
    "civil_works": ("civil works", "xây dựng"),
    "transport": ("transport", "vận chuyển"),
    "installation": ("installation", "lắp đặt"),
    "equipment": ("equipment", "thiết bị"),
    "road": ("access road", "đường vào"),
    "power": ("power", "nguồn điện"),
    "backhaul_part": ("backhaul", "truyền dẫn"),
}

#: Values of the plan's columns: English, Vietnamese.
PLAN_NAMES: dict[str, tuple[str, str]] = {
    "village": ("village", "trong thôn"),
    "high ground": ("high ground", "điểm cao"),
    "existing mast": ("existing mast", "trạm sẵn có"),
    "structure": ("structure", "công trình sẵn có"),
    "proposed": ("proposed", "do người lập đề xuất"),
    "grid": ("grid", "điện lưới"),
    "solar": ("solar", "điện mặt trời"),
    "existing": ("existing", "sẵn có"),
    "fibre": ("fibre", "cáp quang"),
    "microwave": ("microwave", "viba"),
    "relay": ("relay", "chuyển tiếp"),
    "satellite": ("satellite", "vệ tinh"),
    "universal-service fund": ("universal-service fund", "Quỹ Dịch vụ viễn thông công ích"),
    "operators": ("operators", "doanh nghiệp viễn thông"),
    "utility first, or solar": ("utility first, or solar", "chờ ngành điện, hoặc điện mặt trời"),
    "no candidate site reaches it": ("no candidate site reaches it", "không vị trí nào phục vụ được"),
    "candidate sites reach less than half of its people": (
        "candidate sites reach less than half of its people",
        "các vị trí chỉ phục vụ chưa đến một nửa số dân",
    ),
    "only another way to build a chosen site reaches it": (
        "only another way to build a chosen site reaches it",
        "chỉ phục vụ được nếu một trạm đã chọn được xây theo cách khác",
    ),
    "the budget ends before it": ("the budget ends before it", "hết ngân sách trước khi đến lượt"),
}
