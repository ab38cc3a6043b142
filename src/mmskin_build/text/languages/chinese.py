"""Chinese, in simplified and traditional characters."""

from __future__ import annotations

from mmskin_build.text.languages.table import AgeForm, Language, by_group, by_sex

_DIGITS = "一二三四五六七八九"
_NEVER = "(?!)"


def _number_words() -> dict[str, float]:
    words = {digit: float(n) for n, digit in enumerate(_DIGITS, start=1)} | {"两": 2.0, "兩": 2.0}
    for tens in range(1, 10):
        head = ("" if tens == 1 else _DIGITS[tens - 1]) + "十"
        words[head] = 10.0 * tens
        words |= {head + digit: 10.0 * tens + n for n, digit in enumerate(_DIGITS, start=1)}
    words |= {"一百": 100.0, "百": 100.0}
    words |= {f"一百零{digit}": 100.0 + n for n, digit in enumerate(_DIGITS, start=1)}
    return words


_TO = r"(?: ?(?:-|~|至|到|、) ?(?P<b>#))?"
_AGE = rf"(?P<a>#){_TO} ?"
_YOUNG = r"(?:患儿|患兒|新生儿|新生兒|(?:男|女)?(?:婴|嬰)(?:儿|兒)?)"
_CHILD = r"(?:的)?(?:男|女)?(?:性)?(?:新生儿|新生兒|婴|嬰|患儿|患兒|幼儿|幼兒|宝宝)"

CHINESE = Language(
    code="zho",
    usual_words=frozenset(),
    spaced=False,
    number_words=_number_words(),
    number_pattern=r"[一二三四五六七八九十百零两兩]{1,5}(?=\s?[余多几]?\s?(?:个|個)?半?(?:岁|歲|周|週|月|天|日|小时|至|到))",
    forms=(
        AgeForm(kind="decade", pattern=r"(?P<a>#)(?:多|余|几|餘|幾)(?:岁|歲)"),
        AgeForm(kind="adjective", pattern=rf"{_AGE}(?:周|週)?(?:岁|歲)(?P<half>半)?"),
        AgeForm(kind="adjective", pattern=r"(?P<half>半)(?:岁|歲)"),
        AgeForm(kind="adjective", pattern=rf"{_AGE}(?:个|個)(?P<u>月)(?:大|龄|齡|(?={_CHILD}))"),
        AgeForm(kind="adjective", pattern=rf"{_AGE}(?P<u>月|天|日|周|週)(?:大|龄|齡|(?={_CHILD}))"),
        AgeForm(
            kind="adjective",
            pattern=rf"{_YOUNG}[,:] ?(?:(?:男|女)性?[,:] ?)?(?P<a>#) ?(?:个|個)?(?P<u>月|天|日)"
            r"(?=[,;.。]|$)",
        ),
        AgeForm(
            kind="adjective",
            pattern=r"(?:出生|生后|生後)(?:第)? ?(?P<a>#) ?(?:个|個)?(?P<u>天|日|周|週|月|小时)",
        ),
        AgeForm(
            kind="adjective",
            pattern=r"(?:月龄|日龄|月齡|日齡) ?:?(?P<a>#) ?(?:个|個)?(?P<u>月|天|日)",
        ),
    ),
    units={"月": "month", "天": "day", "日": "day", "周": "week", "週": "week", "小": "hour"},
    people=by_sex(
        male="男性, 男, 男婴, 男嬰, 男孩, 男童, 老汉, 男患, 先生",
        female="女性, 女, 女婴, 女嬰, 女孩, 女童, 妇女, 婦女, 孕妇, 孕婦, 老妇, 老太太, 女患, 女士",
        unknown="患者, 患儿, 患兒, 病人, 新生儿, 新生兒, 婴儿, 嬰兒, 幼儿, 儿童, 老人, 青年, 少年",
    ),
    crowds=by_sex(
        male="男性患者们",
        unknown="患者们, 人群, 双胞胎",
    ),
    families=frozenset({"双胞胎"}),
    relatives=by_sex(
        male="父亲, 父親, 其父, 儿子, 兒子, 哥哥, 弟弟, 丈夫, 祖父, 孙子, 其兄, 其弟, 其子",
        female="母亲, 母親, 其母, 女儿, 女兒, 姐姐, 妹妹, 妻子, 祖母, 孙女, 其姐, 其妹, 其女",
    ),
    groups=by_group(
        neonate="新生儿, 新生兒",
        infant="婴儿, 嬰兒, 男婴, 女婴, 男嬰, 女嬰",
        child="幼儿, 幼兒, 儿童, 兒童, 男童, 女童",
        adolescent="青少年",
        adult="成人, 中年",
        elderly="老年, 老人, 老妇",
    ),
    group_adjectives=r"中年|老年|成人",
    group_blocks=r"型|期|性|痤疮|斑|疣|疾病|多见|好发|常见|时期|血管瘤",
    decades={},
    things=r"瘢痕|疤痕|皮损|皮疹|病史|病程|伤口|标本|肿块|结节",
    aging_things="",
    animals=r"小鼠|大鼠|疥螨|虱|蜱|蚊|犬|猫|雌虫|雄虫",
    joins=frozenset(),
    stops=_NEVER,
    possessors=r"(?:其|她的?|他的?|患者的?|患儿的?|患者之)",
    own=r"(?:她的|他的|其)",
    more_is=_NEVER,
    of_patient=_NEVER,
    born_to=_NEVER,
    population=r"多见于|好发于|常见于|多发于|多发生于|发病率|患病率|高发|易发生|见于",
    reporter=r"(?:母亲|父亲|父母|家长|家属)(?:诉|发现|述|代诉|称)",
    mean_age=r"(?:平均|中位|发病年龄|好发年龄|起病年龄|年龄范围|胎龄|孕龄|骨龄|多见于|好发于|常见于)[^。;]{0,10}$",
    history=r"发病|起病|确诊|诊断|手术|去世|死亡",
    shown=r"就诊|照片|拍摄",
    between=_NEVER,
    at=r"$",
    never_at=r"(?:自|从|從)$",
    after_age=(
        r"^ ?(?:时|時)(?:有|曾|因|行|接受)"
        r"|^ ?(?:时|時|那年)?(?:起|开始|開始|发病|發病|出现|出現|确诊|诊断|手术|死亡|去世|首次"
        r"|曾|被|患|发现)|^(?:以前|之前|前|后|後|以后|以下|以上|以内)"
    ),
    duration=_NEVER,
    bare_link=r"$",
    over=_NEVER,
    under=_NEVER,
    early={},
    grown_up=_NEVER,
    coordination=r"(?:和|与|及)(?:其|一名|一例)?",
    generic_before=_NEVER,
    quantifiers=r"(?:两名|两例|双胞胎|三例|#例|#名)",
    pronouns={"她": "female", "他": "male"},
    letters={"男": "male", "女": "female"},
    anatomy={
        "male": r"阴茎|陰莖|阴囊|陰囊|睾丸|前列腺|包皮|龟头|男性乳房发育|男性外生殖器",
        "female": (
            r"外阴|外陰|阴道|陰道|大阴唇|小阴唇|阴唇|阴蒂|卵巢|子宫|子宮|绝经|月经"
            r"|女性外生殖器"
        ),
    },
    pregnancy=r"妊娠|怀孕|懷孕|孕妇|孕期|产后|產後|哺乳期",
    no_pregnancy=r"母亲|新生儿|婴儿|胎儿|禁用|风险",
    not_sex=r"(?:男|女)性?(?:型|式)(?:脱发|秃发)?|男女|男性?[:比与和多少]女性?|女性?[:比与和多少]男性?|女性?多于男|男性?多于女|男科|女儿|其女"
    r"|孙女|子女|妇产",
)
