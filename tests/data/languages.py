"""Sentences as people have them in files, with their typographic marks, and the code pages that they come in."""

_ROWS = {
    "German": [
        "Das Frühstück war großartig – und das für 12 € pro Person", "Die Geschäftsführerin hörte uns nicht einmal zu",
        "„Nie wieder“, sagte meine Mutter nach der Führung", "Schöne Räume, aber die Straße ist nachts sehr laut",
        "Überraschend gutes Essen für so wenig Geld", "Der Schlüssel passte nicht und niemand öffnete uns",
        "Äußerst freundlicher Empfang, wir kommen nächstes Jahr wieder",
        "Die Lösung funktioniert bei mir überhaupt nicht",
    ],
    "French": [
        "Le déjeuner était délicieux, mais l’accueil très froid", "Nous avons payé 25 € pour un plat déjà réchauffé",
        "C’est à côté de la gare, même à pied", "Où sont passées les clés de la chambre ?",
        "Une équipe géniale… je reviendrai l’été prochain",
        "La télévision ne marchait pas et le garçon a haussé les épaules",
        "« Magnifique », a dit ma sœur en découvrant la forêt", "Ça ne valait vraiment pas le détour – quel gâchis",
    ],
    "Spanish": [
        "La habitación estaba limpia, pero el baño olía fatal", "¿Por qué nadie nos avisó de la avería del ascensor?",
        "Mañana volveré con mis niños; ¡qué sitio tan bonito!", "El señor de recepción fue muy amable con nosotros",
        "Cuesta 30 € y no incluye ni un café", "Se rompió al tercer día – pedí la devolución",
        "La música estaba demasiado alta después de la cena", "Según mi opinión, el mejor año del equipo español",
    ],
    "Polish": [
        "Pokój był czysty, ale śniadanie bardzo słabe", "Obsługa hotelu źle mówiła po angielsku",
        "„Nigdy więcej” – powiedziała moja żona", "Świetna książka, polecam ją każdemu",
        "Zamówiłem pięć sztuk, a przyszły trzy", "Wciąż czekam na zwrot pieniędzy od sprzedawcy",
        "Dźwięk jest głośny i wyraźny", "Cena 40 € to zdecydowanie za dużo",
    ],
    "Czech": [
        "Pokoj byl čistý, ale snídaně nic moc", "Příjemná obsluha a krásný výhled na řeku",
        "„Už nikdy,“ řekla moje žena po večeři", "Zboží přišlo poškozené a nikdo nám nepomohl",
        "Knihu doporučuji každému, kdo má rád dějiny", "Čekali jsme přes hodinu – a pak zavřeli kuchyň",
        "Zvuk je příliš tichý", "Těším se na další návštěvu za rok",
    ],
    "Russian": [
        "Номер был чистый, но завтрак оставлял желать лучшего", "Очень вежливый персонал, приедем ещё раз",
        "Товар пришёл сломанным, деньги не вернули", "Книга понравилась всей семье",
        "Звук слишком тихий, батарея держит два часа", "Больше никогда не закажу в этом магазине",
        "Прекрасный вид на море и вкусная еда", "Ждали почти час, потом кухню закрыли",
    ],
    "Greek": [
        "Το δωμάτιο ήταν καθαρό αλλά το πρωινό μέτριο", "Πολύ ευγενικό προσωπικό, θα ξαναπάμε",
        "Το προϊόν ήρθε σπασμένο και δεν μας βοήθησε κανείς", "Εξαιρετικό βιβλίο για όλη την οικογένεια",
        "Ο ήχος είναι χαμηλός", "Περιμέναμε σχεδόν μία ώρα – απαράδεκτο",
        "Υπέροχη θέα στη θάλασσα", "Δεν αξίζει τα λεφτά του",
    ],
    "Turkish": [
        "Oda temizdi ama kahvaltı çok zayıftı", "Güler yüzlü çalışanlar, yine geleceğiz",
        "Ürün kırık geldi ve kimse yardımcı olmadı", "İstanbul’da gördüğüm en güzel şehir müzesi",
        "Ses çok düşük, şarjı iki saat dayanıyor", "Bir daha asla bu mağazadan alışveriş yapmam",
        "Deniz manzarası ve lezzetli yemekler", "Neredeyse bir saat bekledik – sonra mutfak kapandı",
    ],
    "Thai": [
        "ห้องพักสะอาดแต่อาหารเช้าแย่มาก", "พนักงานสุภาพและเป็นกันเอง จะกลับมาอีกแน่นอน",
        "สินค้ามาถึงแตกและไม่มีใครช่วยเรา", "หนังสือดีมาก แนะนำให้ทุกคนอ่าน",
        "เสียงเบาเกินไป แบตเตอรี่อยู่ได้สองชั่วโมง", "จะไม่ซื้อที่ร้านนี้อีกแล้ว",
        "วิวทะเลสวยและอาหารอร่อย", "รอเกือบหนึ่งชั่วโมง แล้วครัวก็ปิด",
    ],
    "Japanese": [
        "部屋はきれいでしたが、朝食は残念でした。", "スタッフの対応がとても親切で、また行きたいです。",
        "商品が壊れて届き、返金もされませんでした。", "家族みんなで楽しめる本です。",
        "音が小さくて、電池もすぐ切れます。", "二度とこの店では買いません。",
        "海の眺めと料理が最高!", "一時間近く待たされて、結局閉店しました。",
    ],
    "Chinese": [
        "房间很干净，但是早餐一般。", "服务员非常热情，下次还会再来。",
        "收到的商品是坏的，也不给退款。", "这本书全家人都喜欢。",
        "声音太小，电池只能用两个小时。", "以后再也不会在这家店买东西了。",
        "海景很美，饭菜也好吃！", "等了将近一个小时，厨房却关门了。",
    ],
    "Korean": [
        "방은 깨끗했지만 아침 식사는 별로였어요.", "직원들이 친절해서 다시 가고 싶습니다.",
        "제품이 고장난 상태로 왔고 환불도 안 됩니다.", "온 가족이 좋아하는 책입니다.",
        "소리가 너무 작고 배터리가 빨리 닳아요.", "다시는 이 가게에서 사지 않겠습니다.",
    ],
    "English": [
        "It’s the best film I’ve seen this year", "“Never again,” said my wife – and she meant it",
        "The ticket was €12, which isn’t cheap", "They didn’t even say hello…",
        "A café with charm, but the coffee’s cold", "I’d give it three stars — no more",
    ],
    "Hungarian": [
        "A szoba tiszta volt, de a reggeli nagyon gyenge", "Kedves személyzet, jövőre is eljövünk",
        "A termék törötten érkezett, és senki sem segített", "Gyönyörű kilátás a tengerre",
        "Többé nem vásárolok ebben az üzletben", "Majdnem egy órát vártunk – aztán bezárt a konyha",
    ],
    "Swedish": [
        "Rummet var rent men frukosten var ganska tråkig", "Trevlig personal, vi kommer gärna åter nästa år",
        "Varan kom trasig och ingen hjälpte oss", "Ljudet är för lågt och batteriet håller två timmar",
    ],
    "Ukrainian": [
        "Кімната була чиста, але сніданок поганий", "Дуже привітний персонал, приїдемо ще раз",
        "Товар прийшов зламаний, і ніхто не допоміг", "Чекали майже годину, потім кухню зачинили",
    ],
    "Portuguese": [
        "O quarto estava limpo, mas o pequeno-almoço não prestava",
        "A recepção foi muito simpática, voltaremos no verão",
        "Não comprem: avariou ao terceiro dia e ninguém respondeu", "A melhor refeição que já tive em Lisboa",
    ],
}  # fmt: skip

#: A language and the code pages that its files come in.
PAGES = {
    "German": ("cp1252", "mac-roman", "iso8859-15"), "French": ("cp1252", "mac-roman"), "Spanish": ("cp1252",
    "mac-roman"),
    "Polish": ("cp1250", "iso8859-2"), "Czech": ("cp1250", "iso8859-2"), "Russian": ("cp1251", "koi8-r", "cp866",
    "mac-cyrillic"),
    "Greek": ("cp1253", "iso8859-7"), "Turkish": ("cp1254",), "Japanese": ("cp932", "euc_jp"),
    "Thai": ("cp874",), "Chinese": ("gb18030", "gbk"), "Korean": ("cp949",),
    "English": ("cp1252", "mac-roman"), "Hungarian": ("cp1250",),
    "Swedish": ("cp1252", "cp850"), "Ukrainian": ("cp1251",), "Portuguese": ("cp1252",),
}  # fmt: skip


def texts_in(language: str, encoding: str) -> list[str]:
    """The sentences, with marks that the code page lacks written as its users would."""
    plain = {"€": "EUR", "–": "-", "—": "-", "„": '"', "“": '"', "”": '"', "’": "'", "…": "...", "«": '"', "»": '"'}
    rows = []
    for row in _ROWS[language]:
        text = "".join(c if _fits(c, encoding) else plain.get(c, "?") for c in row)
        rows.append(text)
    return rows


def _fits(char: str, encoding: str) -> bool:
    try:
        char.encode(encoding)
    except UnicodeEncodeError:
        return False
    return True
