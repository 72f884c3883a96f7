"""Everyday words of English and German, and those that half of all prompts have: no trigger words for all."""

_ENDINGS = ("s", "es", "d", "ed", "ing", "ly", "er", "est", "e", "en", "em", "n", "ern", "t")
_SHORTEST_STEM = 3
_PLAIN = str.maketrans("äöü", "aou")

_ENGLISH = """
a about above across action actor actress adult after again age air album alive all alley almost alone along already
also always amazing ancient and android angel angle angry animal anime another any anyone apartment apple april arch
are area arm armor army around art artist as ask astronaut at attractive august aunt author autumn away awesome baby
back background bad badge bag ball balloon banana band bar bare barn basket bath bay be beach beard beast beautiful
beauty because bed bedroom bee beer before behind being below bench best better between bicycle big bike bikini bird
black blade blonde blood bloom blouse blue blur blurry board boat body bokeh bone book boot border both bottle bottom
bow bowl box boy branch bread brick bride bridge bright bring broken bronze brother brown brush building bus business
bust busy but butterfly button buy by cafe cake call camera camp can candle candy cap captain car card cartoon case
castle cat cathedral cave ceiling celebrity center chain chair change character charm chest chicken chief child
children chin chocolate christmas church cinema cinematic circle city class classic clean clear clock close closed
closeup cloth clothes clothing cloud cloudy coast coat coffee cold collar color colorful colour colourful come comic
composition computer concept cook cool copper corn corner cosplay costume couch could country couple cow cozy crazy
creature cross crowd crown cry crystal cup curly curtain cut cute cyberpunk dad daily dance dancer dark darkness
daughter dawn day dead death december deep deer demon depth desert design desk detail detailed devil diamond digital
dinner dirty do doctor dog doll dolphin door double down dragon draw drawing dream dress drink drive drop dry duck
during dusk dynamic each eagle ear early earth east eat edge effect egg eight elderly elegant elephant elf else empty
end energy engine english enjoy epic ethereal evening ever every everyone everything evil exotic expression extra
extreme eye eyebrow eyes fabric face fairy fall family famous fan fantasy far farm fashion fast fat father favorite
favourite feather february feel feet female field fight film find fine finger fire first fish five flag flame flash
flat flesh floor flower fly focus fog food foot for forest form four fox frame freckles free fresh friday friend from
front fruit full fun funny fur furniture future futuristic galaxy game garden gate gem gentle gentleman get ghost
giant gift girl give glass glasses glow go god goddess gold golden good gorgeous gothic gown gradient grain grand
grandfather grandmother graphic grass gray great green grey ground group grow guard guitar gun guy had hair haircut
half hall halloween hand handsome hang happy hard has hat have he head headphones heart heavy hello helmet help her
here hero hi high hill him hip his hold holiday home hood hoodie horn horror horse hot hotel hour house how hug huge
human hundred husband i ice icon if illustration image in industrial infinity insect inside into intricate iron is
island it its ivory jacket january jeans jewel jewelry job joy july jump june jungle just keep key kid kill kind king
kiss kitchen kitten knife knight know lace lady lake lamp land landscape large laser last late laugh law lazy leaf
leather leave leaves left leg lemon lens less letter library lie life light lighting lightning like line lingerie lion
lip lipstick little live living lizard logo long look looking loose lot love lovely low luxury machine macro mad magic
magical main make makeup male man manga many map marble march market mask massive master masterpiece mat may me meal
mean meat medieval medium meet men mermaid metal metallic microphone middle midnight milk mind mini minimal minimalist
mirror mist mister model modern mom monday money monkey monster month mood moon moonlight more morning most mother
motion motorcycle mountain mouse mouth move movie much mud muscle muscular museum mushroom music must mustache my
mystic naked name narrow natural nature navy near neck necklace need neon net never new newspaper next nice night nine
ninja no nobody noir noise none north nose not note nothing november now nude number nurse object ocean october of off
office often oil old on once one only open or orange orc order other our out outdoor outdoors outfit outside over
overhead own page paint painting pair palace pale palm panda pants paper parent park part party past pastel path
pattern peace pearl pen pencil penguin people perfect person pet phone photo photograph photographer photography
photorealistic piano picture pig pilot pink pirate pixel pizza place plain plane planet plant plastic plate play
please point police pool poor portrait pose posing post poster power powerful present president pretty prince princess
print professional profile project proud public pull punk puppy pure purple put quality queen quick quiet rabbit race
rain rainbow rainy raw read ready real realism realistic really realm red reflection relaxed render rendering retro
rice rich ride rifle right ring river road robe robot rock roman romantic roof room rose rough round royal ruin run
rustic sad said sail salt samurai sand satin saturday say scale scar scarf scary scene scenery school science screen
sea season seat second see sensual september serious set seven sexy shade shadow shape sharp she sheep shelf shell
shine shiny ship shirt shoe shop shore short shot should shoulder show shower shy side sign silhouette silk silver
simple sing singer single sister sit sitting six size sketch skin skirt skull sky sleep sleeve slim slow small smart
smell smile smiling smoke smooth snake snow snowy so soccer sock sofa soft soldier some someone something son song
soon soul sound south space spaceship spider spirit sport spot spring square stage stairs stand standing star stars
station statue stay steam steampunk steel step still stone stop store storm story straight strange street strong
studio stunning style subject suit summer sun sunday sunglasses sunlight sunny sunrise sunset super surface surreal
sweater sweet swim swimsuit sword symmetric symmetrical table tail take talk tall tan tank tattoo tea teacher team
tech technology teen teenager teeth temple ten tent test text texture than thank that the their them then there these
they thick thin thing think third this those thousand three throne through thursday tie tiger tight time tiny to today
together toilet tomorrow tongue too tooth top torso tower town toy tradition traditional train travel tree triangle
tropical trouser truck true try tube tuesday turn turtle twenty twilight two ugly ultra umbrella uncle under uniform
universe unreal up urban us use valley vampire van vase vector vehicle velvet very vibrant victorian video view
village vintage violet volcano wait walk wall want war warm warrior was wash watch water watercolor waterfall wave way
we wear wearing weather web wednesday week weird well were west wet what wheel when where which white who whole why
wide wife wild will win wind window wine wing winter wise witch with without wizard wolf woman women wonderful wood
wooden word work world worn would wow write wrong yard year yellow yes yesterday yet you young your zebra zero zombie
zoom
"""

_GERMAN = """
abend aber acht affe alle allein alles als alt am an andere angst anzug apfel april arbeit arm art arzt auch auf auge
augen august aus auto baby bad bahn ball bank bart bauer baum bei beide bein berg beruf bett bier bild bin birne bis
bitte blau bleiben blick blume blut boden boot braun braut brief brille brot bruder brust buch bunt burg butter da
dach dame dann das dein dem den denken der des detail deutsch dezember dick die dienstag ding doch donnerstag dorf
drache draussen drei du dunkel dunkelheit durch ecke ei eimer ein eine einer einfach eins eis elf elfe ende eng engel
ente er erde es essen etwas eule fahne fahren fahrrad fahrzeug fallen falsch familie farbe farbig februar feder fee
feld fels fenster ferien feuer film finger fisch flach flasche fleisch flieger fluss foto fotografie frau frei freitag
freude freund freundin frucht fuchs fuß für garten geben gebäude gegen gehen geist gelb geld gemälde genau gerade
geschichte gesicht gestern gesund gitarre glas glatt glück gold golden gott gras grau groß grün gut haar haare haben
hafen halb hals hand hase haus haut heiß held hell hemd herbst herr herz heute hexe hier himmel hinten hinter
hintergrund hirsch hoch hof holz hose hotel huhn hund hut hübsch hügel ich ihr im in insel ist ja jacke jahr januar
jeder jemand jetzt juli jung junge juni kaffee kalt kamera karte katze kein keller kind kinder kirche klar kleid klein
knie koch kommen kopf korb kraft krank kreis krieg krone kuchen kuh kunst kurz kuss käse könig königin körper küche
lachen lampe land landschaft lang langsam laub laufen laut leben leer legen leicht leise lesen leute licht lieb liebe
lied links luft lustig lächeln löwe machen magie magisch mai mal malen maler malerei mann markt maske mauer maus meer
mehr mein mensch menschen messer milch mit mittag mitte mittwoch modell mond montag morgen motor mund musik mutter
mädchen männer märchen märz müde mütze nach nacht nackt nah name nase nass natur natürlich nebel neben nein neu neun
nicht nichts nie niemand noch nord november nur oben oder ofen oft ohne ohr oktober oma onkel opa orange ort ost
papier park person pferd pflanze pilz pinsel platz plötzlich polizei porträt prinz prinzessin puppe rabe rad rauch
raum rechts regen reich reis reise reiter ring ritter rock rosa rose rot ruhig rund sache sagen salz samstag sand
sauber schaf schatten schiff schlaf schlange schlecht schloss schlüssel schmal schmetterling schmuck schnee schnell
schon schrank schrift schuh schule schulter schwarz schwein schwer schwert schwester schwimmen schön sechs see sehen
sehr seide sein seite september sessel sich sie sieben silber sind singen sitzen sohn soldat sommer sonne sonntag
spiegel spiel spät stadt stark stehen stein stern stiefel still stille stimme stoff strand straße stuhl sturm süd süß
tag tal tante tanz tanzen tasche tasse tee teich teller tier tiger tisch tochter tod ton tor tot traum traurig treppe
trinken trocken tuch turm tür uhr um und unter vater verkehr viel vier vogel voll vom von vor vorne wald wand warm
warten warum was wasser weg weiblich wein weit weiß welle welt wer west wetter wie wiese wild wind winter wir wo woche
wohnung wolf wolke wort wunderschön wüste zahl zahn zauberer zehn zeichnung zeigen zeit zeitung zimmer zu zug zwei
zweig zwerg zwischen zwölf über
"""

COMMON_WORDS = frozenset(word.casefold() for word in (_ENGLISH + _GERMAN).split())


def is_common(word: str) -> bool:
    """Tell whether a folded word, or the word without its ending or umlauts, is an everyday one."""
    if word in COMMON_WORDS or len(word) == 1:
        return True
    forms = (word, word.translate(_PLAIN))
    stems = {form.removesuffix(ending) for form in forms for ending in ("", *_ENDINGS)}
    return any(len(stem) >= _SHORTEST_STEM and stem in COMMON_WORDS for stem in stems)
