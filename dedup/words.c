/*
 * Function words and other very common words, written by hand for this program: French of all ages, and neighbours' words that are
 * not French ones.  Words that two neighbours share stand under both.
 */
#include "dedup/words.h"

const char words_french[] =
    "le la les l un une des du de d au aux à a ce cet cette ces c mon ma mes ton ta tes son sa ses notre nos "
    "votre vos leur leurs je j tu il elle on nous vous ils elles me m te t se s moi toi lui eux y en que qu qui "
    "quoi dont où ou et mais donc or ni car ne n pas plus jamais rien point guère est sont était étaient sera "
    "seront être été suis es sommes êtes ai as ont avons avez avait avaient avoir eu aura auront fut furent soit "
    "soient serait dans par pour sur sous avec sans chez vers entre contre depuis pendant avant après lors dès "
    "jusque jusqu parmi selon malgré très bien mal aussi ainsi alors encore déjà toujours peu trop tout tous "
    "toute toutes même mêmes autre autres quand comme si comment pourquoi parce puis cela ça ceci celui celle "
    "ceux celles fait faire dit dire peut peuvent doit doivent faut va vont quelque quelques plusieurs chaque "
    "aucun aucune notamment afin lorsque lorsqu puisque quel quelle quels quelles ici là voici voilà cependant "
    "pourtant toutefois non oui meme deja tres etre ete etait etaient apres ca estoit estoient avoit avoient "
    "sçavoir iceluy icelle icelui ledit ladite lesdits lesdites dudit mesme tousjours aultre aultres moult ains "
    "oncques onques sire ceste cestuy luy ay sy ung ez esté estre faict dict dessoubs soubz ès "
    "g jai jsuis ke ki koi kan kand pr pk pq pcq pske paske ds tt tjs bcp mm dsl slt stp svp msg rdv auj ms vs ns ui nan ouais ptit";

const struct words_of words_near[] = {
    {"oci", "lo los las amb dins fòrça mai aquò aquel aquela aqueles aiçò çò dels del pels sus cada uèi totes tota "
            "dempuèi mas nòstre nòstra vòstre èra fach far avètz devers òc ieu nosautres vosautres eth era eths eras ena "
            "dera deth ath ei hèsta hèr dab ua ueu lou li di emé dóu uno aquéu aquesto soun pèr siéu"},
    {"cat", "els amb una seva seu seus és són està han aquest aquesta aquests aquestes molt més però perquè també només "
            "fins dels pels pel al als nostre nostra vostre quan ser fer tenir havia hi ho ens us seves tots totes cada "
            "any anys cap res així doncs encara després abans avui"},
    {"cos", "u di hè sò ùn chì cù pè nant quellu quella issu issa ella ellu sempre ancu dopu tuttu tutti tutta avà oghje "
            "ghjente paese più hà anu era eranu facia fattu micca ch senza parechji altri nostru nostra vechju zitelli "
            "ghjè"},
    {"wln", "èt lès sès mès tès avou nén nin mins dji dju dj nosse vosse noste leûs tos todi pus sins po z ås å al dins "
            "dispôy dispoy divant gn aveût fåt bråmint tchaeke onk ene ine cwè quî qwè èsteût esteut sereût "
            "dreût min tote totes come ossu ossi dè dèl di li cist cisse çou ç rin èn"},
    {"pcd", "ch ches chés chel cht chu ichi aveuc avuc avoc dins din os is mi ti eutes eute tertous gins gin tiot tiote "
            "quo quoé cha ech el ed em leu foait foaire faijot étot avot rin bin min tin sin vo no einne eune"},
    {"frp", "lo los z cél ceta dens avouéc avoué ora tués tôs tota totes ben fôt é o què quâ dè lè cha cho din u ué bin "
            "no vo noutron noutra noutro voutron è na onna lèvâ mîmo mâ pè fére étre étâ étiet drêt drêts homo homos"},
    {"hat", "mwen li nou yo pa ap pral gen ki nan ak pou moun men tou epi konsa lè anpil peyi timoun lakay fè di ale vini "
            "konnen kapab dwa chak san avèk oswa kote jan bagay sou depi poutèt paske sèl youn lòt"},
    {"gcf", "an nou zòt yo ka ké té pa sé moun épi èk ki kon tou lè menm mwen man ba pou adan anlè toupatou kréyòl timoun "
            "fanm nonm fè wè di toulé"},
    {"crs", "mo zot bann pe ti pou dan lor ek avek ki ena annan fer dimoun zanfan lakaz kan kot bizin kapav enn sak tou "
            "zis mem apre avan ankor sanm oubyen drwa nou li finn"},
    {"bre", "ar an al ur ul eo ket ha hag e da gant war evit eus eur pe hep dre er ho hor o zo bet bez bezañ kaout oa vo "
            "mat tud bro brezhoneg gwelet deiz bloaz holl met hoazh ivez pep"},
    {"ita", "lo gli della dello degli delle dei nel nella negli nelle che è più sono per con una uno questo questa anche "
            "come ha hanno essere stato alla alle agli dal dalla sul sulla suo sua loro molto tutti tutto quando dove "
            "così già però fatto anni"},
    {"spa", "el los las del por con una para como más pero sus ha este esta cuando muy sin sobre también hasta hay donde "
            "quien desde todo durante todos uno contra otros ese eso había ante ellos fue años"},
    {"por", "o os do da dos das em no na nas um uma com não por como mas ao ele foi sua quando muito já também só pelo "
            "pela até isso ela depois sem mesmo aos seus quem são está você anos"},
    {"ron", "și în cu pe nu este care din mai o să pentru că sunt fost fi prin după dar ei acest această când cele cel "
            "unui unei sau iar ale al fără între până foarte doar ani"},
    {"lat", "in ad cum ut ab ex sunt quod quae sed per atque esse aut eius hoc nec enim quam etiam fuit anno autem ac "
            "inter post sub eum quo erat quibus omnes rex urbs"},
    {"eng", "the of and to in is that for it was with be by not he his but at are this have from had an they which one "
            "you were her all she there would their we him been has when who will no if out what about"},
    {"deu", "der die und in den von zu das mit sich auf für ist im dem nicht ein eine als auch an werden aus er hat dass "
            "sie nach wird bei einer um am sind noch wie einem über einen so zum war haben nur oder aber vor zur bis mehr "
            "durch"},
    {"nld", "het een van in is dat op zijn met voor niet aan er om ook als dan maar bij nog uit naar door over ze zich "
            "hij was worden wordt deze meer heeft hebben werd wel geen kan zou"},
};
const size_t words_near_n = sizeof words_near / sizeof words_near[0];
