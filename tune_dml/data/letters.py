"""How often languages use the letters that ASCII lacks, and their commonest words: what tells code pages apart.

``letters`` stand in falling order of their frequency in running text; the first is taken to be fifty times as frequent
as the last. The orders are those of the usual letter counts of each language (Wikipedia, "Letter frequency" and the
articles on the languages' alphabets). ``words`` are frequent ones of ASCII letters only, which every code page reads
alike.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Language:
    """A language as a reader of unknown bytes sees it.

    Attributes:
        letters: Its letters outside ASCII, the most frequent first; small ones.
        marks: Punctuation of its own.
        others: A range of further characters that it may use, as code points, and how many of them are in use.
    """

    name: str
    letters: str
    words: str = ""
    marks: str = ""
    others: tuple[int, int, int] | None = None


#: Typographic marks of every language, and the signs that spreadsheets and word processors put in.
MARKS = "’“”–…‘„—€«»°•£§®™©½×·\u00a0"

LANGUAGES = (
    Language("English", "éüñöïçèáó",
        "the of and to in is it that was for you with this but not are on my have at they we "
        "all"),
    Language("German", "üäößé",
        "der die und das ist nicht ein eine den mit zu auf sich es im von dem auch war ich sehr wir sie "
        "bei aus aber hat"),
    Language("French", "éàèêçôûîâùïœëü",
        "le la les de des et un une est que pas pour dans sur vous je il qui plus ce avec nous mais au "
        "du on"),
    Language("Spanish", "óíáéñúü",
        "de la que el en los se un por con una las para no es del al lo muy pero me mi su como "
        "hay", "¿¡ºª"),
    Language("Catalan", "àéíóèòçúïü", "de la el que i en un una per amb no es del al els les ha molt", "·"),
    Language("Portuguese", "ãçéáíóêõúâàôü",
        "de que o a os as um uma para com do da em se por mais mas foi no na muito "
        "eu", "ºª"),
    Language("Italian", "èàùòéì", "di che il la un una per non con del della sono e gli le questo ma si da in molto"),
    Language("Dutch", "ëéïöèüóê", "de het een van en is dat niet ik te met op voor zijn maar er was zeer aan heb"),
    Language("Swedish", "äåöéü", "och att det en som inte jag med den var till av ett men om vi mycket"),
    Language("Danish", "åøæéöä", "og det er en ikke jeg at som med til den av af var men for vi et meget"),
    Language("Finnish", "äöåé", "ja on ei se oli mutta kun niin hyvin ole kuin olen"),
    Language("Icelandic", "áíðéþöóúæý", "og er sem en var ekki um til hann"),
    Language("Polish", "łąęóżśćńź", "i w nie na to jest do z jak ale po tak za od co bardzo o dla przez tym mi ma czy"),
    Language("Czech", "íáěéřčšžýůúňťďó", "a je v se na to s z do ale jako velmi jsem by o za po jen si tak pro"),
    Language("Slovak", "áíéčšžýúľťôňäďóĺŕ", "a je v sa na to s z do ale ako som o za po len si tak pre bol"),
    Language("Hungarian", "éáöőóüíúű", "a az nem hogy egy is van meg de csak volt ez ha mint nagyon"),
    Language("Romanian", "ăîţşâșț", "de a nu este cu pe un o din mai am care la dar foarte"),
    Language("Croatian", "čšžćđ", "i je u se na da za su nije od ali in ne so pa sam to vrlo"),
    Language("Lithuanian", "ėšųįąžūčę", "ir yra kad tai su bet labai"),
    Language("Latvian", "āīēšņūļžķģč", "un ir ka ar tas bet no par"),
    Language("Estonian", "äõüöšž", "ja on ei see ta et kui oli aga"),
    Language("Turkish", "ıüşçğöâî", "bir ve bu da de ama var ne daha gibi"),
    Language("Russian", "оеаинтсрвлкмдпуяыьгзбчйхжшюцщэфъё", marks="№"),
    Language("Ukrainian", "оанвиіртеслкдмпуязьбгйчхжшцюїєщфґ", marks="№"),
    Language("Bulgarian", "аоиетнрвслкдпмзъугбчщяжцхюйшфь", marks="№"),
    Language("Serbian", "аоиенрсјутвкдмплгзбчцшњжћхљђфџ"),
    Language("Greek", "αοιετσνηυρπκμλςίόάγωέδθήχύφβώξζψϊ"),
    Language("Hebrew", "יוהלאתרמבשנחדקעםפטגסכזןצךףץ"),
    Language("Arabic", "الينموترهبدسعقفكجحةأشصضطخىثئءذغزظؤإآ", marks="،؟؛"),
    Language("Thai", "านรอกเงมยลวดทสต่ะป้บัิคหีแจพชขใไโุู็ื์ำผธึศถซภฟณญฝฐฏฎฆฑฒฌฬฮๆฯ๊๋"),
    Language(
        "Japanese",
        "いのにたてをはしがでとなかるれっもうこらりすまんくだきあよさ、。ーせめそけみつわおどンえじちスルトばろやラリイ人日クアべ一げ本ドシレ大見ひ時ムコ年国行マ思",
        marks="「」・？！　", others=(0x4E00, 0x9FFF, 2_500),
    ),
    Language(
        "Chinese",
        "的，。不是了一我在有这人很好个们也来上大说就要他和都到没子得那么着过去看时会可下以后还中生地自你对出能多天然想里小心学之家、！？",
        marks="：；《》（）", others=(0x4E00, 0x9FFF, 2_500),
    ),
    Language(
        "Chinese in traditional characters",
        "的，。不是了一我在有這人很好個們也來上大說就要他和都到沒子得那麼著過去看時會可下以後還中生地自你對出能多天然想裡小心學之家、！？",
        marks="：；「」（）", others=(0x4E00, 0x9FFF, 2_500),
    ),
    Language(
        "Korean",
        "이다는고에가의을하한지로도은어기를사서나아대인있리자그수시정라었해보우제만면일주았여거스게들전너무것했말내",
        others=(0xAC00, 0xD7A3, 1_500),
    ),
)  # fmt: skip
