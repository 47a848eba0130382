"""Names that would run, break out, mislead or overflow if they were anything but text: for every field of every table."""

#: What a template engine, Jinja's without a sandbox above all, would compute or choke on.
_JINJA = [
    "{{ 191*7 }}", "{{191*7}}", "{{ '191'*7 }}", "{{- 191*7 -}}", "{%- print(191*7) -%}", "{% print 191*7 %}",
    "{% for i in range(9) %}ha{% endfor %}", "{% raw %}", "{% endraw %}", "{% endraw %}{{ 7*191 }}", "{# comment #}",
    "{{ cycler.__init__.__globals__.os.popen('id').read() }}", "{{ this.__class__.__mro__ }}", "{{ self }}",
    "{{ ''.__class__.__base__.__subclasses__() }}", "{{ joiner.__init__.__globals__.os.environ }}", "{{ namespace.__init__ }}",
    "{{ lipsum.__globals__['os'].system('true') }}", "{{ request }}", "{{ config }}", "{% set x = 191*7 %}{{ x }}",
    "{% if true %}1{{ 337 }}{% endif %}", "{% include '/etc/passwd' %}", "{% import 'os' as os %}", "{% macro script(this, kwargs) %}x{% endmacro %}",
    "{{", "}}", "{%", "%}", "{#", "{{ '{{ 191*7 }}' }}", "{{ 191*7 }}" * 3, "{ { 191*7 } }", "&#123;&#123; 191*7 &#125;&#125;",
    "# for x in range(3)", "#} {{ 191*7 }} {#", "{{ 7|attr('__class__') }}", "{{ range(1000000000)|list }}", "{0} {name!r}", "{0.__class__}",
]  # fmt: skip
_SCRIPT = [
    "<script>window.__pwned=1</script>", "</script><script>window.__pwned=1</script>", "</SCRIPT ><svg onload=window.__pwned=1>",
    "</script\n>", "</script/x>", "<!-- <script>", "<!--", "-->", "--> ]]>", "<![CDATA[", "]]>", "<script src=//example.invalid/x.js></script>",
    "<script type=module>window.__pwned=1</script>", "<noscript>", "</noscript><img src=x onerror=window.__pwned=1>", "</title><script>window.__pwned=1</script>",
    "</style><script>window.__pwned=1</script>", "</textarea><script>window.__pwned=1</script>", "<template><script>window.__pwned=1</script></template>",
    "<plaintext>", "<xmp>", "<iframe srcdoc='<script>parent.__pwned=1</script>'>", "<iframe src=javascript:parent.__pwned=1>",
    "<object data=javascript:window.__pwned=1>", "<embed src=javascript:window.__pwned=1>", "<base href=https://example.invalid/>",
    "<meta http-equiv=refresh content='0;url=https://example.invalid'>", "<meta http-equiv=Content-Security-Policy content=\"default-src *\">",
    "<link rel=stylesheet href=//example.invalid/x.css>", "<form action=https://example.invalid><button>ok</button></form>",
    "<math><mtext></mtext><mglyph><style><img src=x onerror=window.__pwned=1></style></math>", "<scr<script>ipt>window.__pwned=1</scr</script>ipt>",
]  # fmt: skip
_ATTRIBUTE = [
    "<img src=x onerror=window.__pwned=1>", "\"><img src=x onerror=window.__pwned=1>", "'><img src=x onerror=window.__pwned=1>", "' onmouseover='window.__pwned=1",
    "\" onfocus=\"window.__pwned=1\" autofocus=\"", "` onclick=`window.__pwned=1", "<a href=\"javascript:window.__pwned=1\">x</a>", "<body onload=window.__pwned=1>",
    "<input autofocus onfocus=window.__pwned=1>", "<details open ontoggle=window.__pwned=1>", "<video><source onerror=window.__pwned=1></video>",
    "<audio src=x onerror=window.__pwned=1>", "<marquee onstart=window.__pwned=1>", "<div style=animation-name:x onanimationstart=window.__pwned=1>",
    "<img src=x onerror=&#119;indow.__pwned=1>", "<img/src/onerror=window.__pwned=1>", "<img src=x:x onerror=window.__pwned=1 //", "x onerror=window.__pwned=1",
    "<button popovertarget=x>", "<b id=lomsong>", "<b name=L>", "<form id=document><input name=cookie></form>", "\" id=\"lomsong-search", "<img srcset='x 1x' onerror=window.__pwned=1>",
]  # fmt: skip
_URL = [
    "javascript:window.__pwned=1", "JaVaScRiPt:window.__pwned=1", "java\tscript:window.__pwned=1", "data:text/html,<script>parent.__pwned=1</script>",
    "data:image/svg+xml,<svg onload='window.__pwned=1'/>", "vbscript:msgbox(1)", "file:///etc/passwd", "https://example.invalid/", "//example.invalid/x.png",
    "\\\\example.invalid\\share", "blob:null/x", "about:blank", "url(https://example.invalid/x.png)", "../../../../etc/passwd", "..\\..\\x", "#at=1/2/3", "?x=1&y=2", "%00", "%7B%7B191*7%7D%7D",
    "mailto:a@example.invalid",
]  # fmt: skip
_SVG = [
    "<svg/onload=window.__pwned=1>", "<svg><script>window.__pwned=1</script></svg>", "<svg><animate onbegin=window.__pwned=1 attributeName=x dur=1s>",
    "<svg><a xlink:href=javascript:window.__pwned=1><text>x</text></a></svg>", "<svg><use href=data:image/svg+xml,x>", "<svg><foreignObject><body onload=window.__pwned=1></foreignObject></svg>",
    "<svg><set attributeName=onload to=window.__pwned=1>", "<svg><image href=x onerror=window.__pwned=1>", "<svg><style>*{display:none}</style></svg>", "<?xml version='1.0'?><!DOCTYPE x [<!ENTITY y SYSTEM 'file:///etc/passwd'>]><x>&y;</x>",
    "</svg><img src=x onerror=window.__pwned=1>", "<svg><title></svg><img src=x onerror=window.__pwned=1>",
]  # fmt: skip
_CSS = [
    "<style>*{display:none}</style>", "<style>@import url(//example.invalid/x.css)</style>", "expression(window.__pwned=1)", "; background: url(//example.invalid/x)", "} body { display: none } {",
    "position:fixed;inset:0;z-index:99999", "\\3c script\\3e", "content: '\\'", "/* ", "*/", "@import '//example.invalid/x.css';", "behavior:url(x.htc)", "-moz-binding:url(x)",
]  # fmt: skip
_LITERAL = [
    "${window.__pwned=1}", "`${window.__pwned=1}`", "`+(window.__pwned=1)+`", "'+(window.__pwned=1)+'", "\"+(window.__pwned=1)+\"", "\\", "\\\\", "\\'", "\\\"", "\\`", "\\u003cimg src=x onerror=window.__pwned=1\\u003e",
    "\\x3cscript\\x3e", "\\'; window.__pwned=1; //", "\"; window.__pwned=1; //", "*/ window.__pwned=1 /*", "// window.__pwned=1", "\n window.__pwned=1 //", "${`${window.__pwned=1}`}", "$& $1 $$ $`", "%s %d %(name)s %%", "line\\", "`", "'", '"', "$", "${", "#{x}", "<%= 191*7 %>",
]  # fmt: skip
_DIRECTION = [
    "right\u202eto-left override", "\u202b embedding", "\u202d left override", "\u202c pop", "\u2067isolate without end", "\u2066left isolate", "\u2068first strong", "\u2069 pop isolate", "\u200fmark\u200e \u061c mark",
    "zero\u200bwidth\u200djoiner\ufeff", "\u200c\u200d\u2060", "line\u2028separator\u2029paragraph", "\u00ad soft\u00adhyphen", "قرية جبلية", "כפר ההר", "الق\u202eرية <b>", "\u202e\u202e\u202e", "\u115f\u1160\u3164", "\u180e", "\U000e0041\U000e0042 tags",
]  # fmt: skip
_LONG = [
    "A" * 10_000,
    "長" * 10_000,
    "{{" * 2_000,
    "<b>" * 3_000,
    "\u0301" * 5_000,
    "a " * 5_000,
    "👩‍👩‍👧‍👦" * 1_000,
    "\u202e" * 2_000,
    "\\" * 4_000,
    "'" * 4_000,
]
_EMOJI = [
    "👩🏽‍🌾 làng 🏔️🗼",
    "🇻🇳",
    "🏴󠁧󠁢󠁳󠁣󠁴󠁿",
    "👨‍👩‍👧‍👦",
    "1️⃣",
    "☠️",
    "🫠",
    "💩" * 50,
    "\U0001f3fb",
    "🔥<b>🔥</b>",
    "😀\ufe0e",
]
_COMBINING = [
    "Bả" + "\u0309\u0323\u0306" * 40 + "n", "Z͑ͫ̓ͪ̂ͫ̽͏̴̙̤̞͉͚̯̞̠͍A̴̵̜̰͔ͫ͗͢L̠ͨͧͩ͘G̴̻͈͍͔̹̑͗̎̅͛́Ǫ̵̹̻̝̳͂̌̌͘", "\u0302start", "e\u0301 é", "Đèo Gió", "D\u0323\u0307", "\ufb01\ufdfa", "ǅ", "İıſK", "ﷺ", "หมู่บ้าน", "གྲོང་གསེབ", "ក្រុង",
]  # fmt: skip
_CONTROL = [
    "nul\x00byte \x07 bell \x1b[31m", "line\nbreak\r\nand\ttab", "\x7f delete", "\x85 next line", "\x0b\x0c", "\x1a", "\ufffe\uffff", "lone \ud800 surrogate", "\udc00", "\ud83d\ud83d", "\x08\x08\x08", "a\rb",
]  # fmt: skip
_ENTITY = [
    "&lt;b&gt;not bold&lt;/b&gt; &amp; &#x41;",
    "&",
    "&amp;",
    "&#60;img src=x onerror=window.__pwned=1&#62;",
    "&lt",
    "&notit;",
    "&#0;",
    "&#x110000;",
    "&nbsp;",
    "＜script＞",
    "‹img›",
    "<",
    ">",
    "<>",
    "< b >",
]
_WORDS = [
    "__proto__",
    "constructor",
    "toString",
    "hasOwnProperty",
    "null",
    "undefined",
    "NaN",
    "true",
    "[object Object]",
    "any",
    "",
    " ",
    "None",
    "nan",
    "-",
    "0",
    "white",
]
_FORMULA = [
    "=1+1",
    "+1",
    "-1+2",
    "@SUM(A1)",
    '=HYPERLINK("https://example.invalid")',
    "=cmd|' /C calc'!A0",
    "\t=1",
    " =1",
    "\u200b=1",
    "＝1",
    "'=1",
    ";=1",
    '"=1',
]

ATTACKS = list(
    dict.fromkeys(
        [*_JINJA, *_SCRIPT, *_ATTRIBUTE, *_URL, *_SVG, *_CSS, *_LITERAL, *_DIRECTION, *_LONG, *_EMOJI, *_COMBINING, *_CONTROL, *_ENTITY, *_WORDS, *_FORMULA]
    )
)  # fmt: skip
