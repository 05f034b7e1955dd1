#include "dedup/langid_codes.h"
#include "base/utf8.h"

struct code_pair {
    const char *cld2; /* sorted by this, as bytes */
    const char iso[4];
};

/* CLD2's codes to ISO 639-3; where CLD2 knows only a macrolanguage, the macrolanguage. */
static const struct code_pair codes[] = {
    {"aa", "aar"},  {"ab", "abk"},  {"af", "afr"},  {"ak", "aka"},  {"am", "amh"},      {"ar", "ara"},  {"as", "asm"},
    {"ay", "aym"},  {"az", "aze"},  {"ba", "bak"},  {"be", "bel"},  {"bg", "bul"},      {"bh", "bho"},  {"bi", "bis"},
    {"blu", "hmn"}, {"bn", "ben"},  {"bo", "bod"},  {"br", "bre"},  {"bs", "bos"},      {"ca", "cat"},  {"ceb", "ceb"},
    {"chr", "chr"}, {"co", "cos"},  {"crs", "crs"}, {"cs", "ces"},  {"cy", "cym"},      {"da", "dan"},  {"de", "deu"},
    {"dv", "div"},  {"dz", "dzo"},  {"ee", "ewe"},  {"el", "ell"},  {"en", "eng"},      {"eo", "epo"},  {"es", "spa"},
    {"et", "est"},  {"eu", "eus"},  {"fa", "fas"},  {"fi", "fin"},  {"fj", "fij"},      {"fo", "fao"},  {"fr", "fra"},
    {"fy", "fry"},  {"ga", "gle"},  {"gaa", "gaa"}, {"gd", "gla"},  {"gl", "glg"},      {"gn", "grn"},  {"gu", "guj"},
    {"gv", "glv"},  {"ha", "hau"},  {"haw", "haw"}, {"hi", "hin"},  {"hr", "hrv"},      {"ht", "hat"},  {"hu", "hun"},
    {"hy", "hye"},  {"ia", "ina"},  {"id", "ind"},  {"ie", "ile"},  {"ig", "ibo"},      {"ik", "ipk"},  {"is", "isl"},
    {"it", "ita"},  {"iu", "iku"},  {"iw", "heb"},  {"ja", "jpn"},  {"jw", "jav"},      {"ka", "kat"},  {"kha", "kha"},
    {"kk", "kaz"},  {"kl", "kal"},  {"km", "khm"},  {"kn", "kan"},  {"ko", "kor"},      {"kri", "kri"}, {"ks", "kas"},
    {"ku", "kur"},  {"ky", "kir"},  {"la", "lat"},  {"lb", "ltz"},  {"lg", "lug"},      {"lif", "lif"}, {"ln", "lin"},
    {"lo", "lao"},  {"loz", "loz"}, {"lt", "lit"},  {"lua", "lua"}, {"luo", "luo"},     {"lv", "lav"},  {"mfe", "mfe"},
    {"mg", "mlg"},  {"mi", "mri"},  {"mk", "mkd"},  {"ml", "mal"},  {"mn", "mon"},      {"mr", "mar"},  {"ms", "msa"},
    {"mt", "mlt"},  {"my", "mya"},  {"na", "nau"},  {"ne", "nep"},  {"new", "new"},     {"nl", "nld"},  {"nn", "nno"},
    {"no", "nor"},  {"nr", "nbl"},  {"nso", "nso"}, {"ny", "nya"},  {"oc", "oci"},      {"om", "orm"},  {"or", "ori"},
    {"os", "oss"},  {"pa", "pan"},  {"pam", "pam"}, {"pl", "pol"},  {"ps", "pus"},      {"pt", "por"},  {"qu", "que"},
    {"raj", "raj"}, {"rm", "roh"},  {"rn", "run"},  {"ro", "ron"},  {"ru", "rus"},      {"rw", "kin"},  {"sa", "san"},
    {"sco", "sco"}, {"sd", "snd"},  {"sg", "sag"},  {"si", "sin"},  {"sk", "slk"},      {"sl", "slv"},  {"sm", "smo"},
    {"sn", "sna"},  {"so", "som"},  {"sq", "sqi"},  {"sr", "srp"},  {"sr-ME", "cnr"},   {"ss", "ssw"},  {"st", "sot"},
    {"su", "sun"},  {"sv", "swe"},  {"sw", "swa"},  {"syr", "syr"}, {"ta", "tam"},      {"te", "tel"},  {"tg", "tgk"},
    {"th", "tha"},  {"ti", "tir"},  {"tk", "tuk"},  {"tl", "tgl"},  {"tn", "tsn"},      {"to", "ton"},  {"tr", "tur"},
    {"ts", "tso"},  {"tt", "tat"},  {"tum", "tum"}, {"tw", "twi"},  {"ug", "uig"},      {"uk", "ukr"},  {"ur", "urd"},
    {"uz", "uzb"},  {"ve", "ven"},  {"vi", "vie"},  {"vo", "vol"},  {"war", "war"},     {"wo", "wol"},  {"xh", "xho"},
    {"yi", "yid"},  {"yo", "yor"},  {"za", "zha"},  {"zh", "zho"},  {"zh-Hant", "zho"}, {"zu", "zul"},
};

const char *langid_iso(const char *cld2) {
    size_t low = 0, high = sizeof codes / sizeof codes[0];
    while (low < high) {
        size_t mid = low + (high - low) / 2;
        int order = strcmp(cld2, codes[mid].cld2);
        if (order == 0) return codes[mid].iso;
        if (order < 0)
            high = mid;
        else
            low = mid + 1;
    }
    return "und";
}

struct script_range {
    uint32_t first, last;
    const char iso[5];
};

/* Blocks that hold the letters of one script; sorted.  What is in none of them has no say. */
static const struct script_range scripts[] = {
    {0x0041, 0x005A, "Latn"}, {0x0061, 0x007A, "Latn"}, {0x00AA, 0x00AA, "Latn"}, {0x00BA, 0x00BA, "Latn"},
    {0x00C0, 0x00D6, "Latn"}, {0x00D8, 0x00F6, "Latn"}, {0x00F8, 0x02AF, "Latn"}, {0x0370, 0x03FF, "Grek"},
    {0x0400, 0x052F, "Cyrl"}, {0x0531, 0x058F, "Armn"}, {0x0591, 0x05F4, "Hebr"}, {0x0600, 0x06FF, "Arab"},
    {0x0700, 0x074F, "Syrc"}, {0x0750, 0x077F, "Arab"}, {0x0780, 0x07BF, "Thaa"}, {0x07C0, 0x07FF, "Nkoo"},
    {0x08A0, 0x08FF, "Arab"}, {0x0900, 0x097F, "Deva"}, {0x0980, 0x09FF, "Beng"}, {0x0A00, 0x0A7F, "Guru"},
    {0x0A80, 0x0AFF, "Gujr"}, {0x0B00, 0x0B7F, "Orya"}, {0x0B80, 0x0BFF, "Taml"}, {0x0C00, 0x0C7F, "Telu"},
    {0x0C80, 0x0CFF, "Knda"}, {0x0D00, 0x0D7F, "Mlym"}, {0x0D80, 0x0DFF, "Sinh"}, {0x0E00, 0x0E7F, "Thai"},
    {0x0E80, 0x0EFF, "Laoo"}, {0x0F00, 0x0FFF, "Tibt"}, {0x1000, 0x109F, "Mymr"}, {0x10A0, 0x10FF, "Geor"},
    {0x1100, 0x11FF, "Kore"}, {0x1200, 0x139F, "Ethi"}, {0x13A0, 0x13FF, "Cher"}, {0x1400, 0x167F, "Cans"},
    {0x1780, 0x17FF, "Khmr"}, {0x1800, 0x18AF, "Mong"}, {0x1900, 0x194F, "Limb"}, {0x1C90, 0x1CBF, "Geor"},
    {0x1E00, 0x1EFF, "Latn"}, {0x1F00, 0x1FFF, "Grek"}, {0x2D30, 0x2D7F, "Tfng"}, {0x3040, 0x30FF, "Jpan"},
    {0x3130, 0x318F, "Kore"}, {0x3400, 0x9FFF, "Hani"}, {0xA000, 0xA4CF, "Yiii"}, {0xAC00, 0xD7AF, "Kore"},
    {0xF900, 0xFAFF, "Hani"}, {0xFB50, 0xFDFF, "Arab"}, {0xFE70, 0xFEFF, "Arab"}, {0xFF66, 0xFF9F, "Jpan"},
};
enum { N_SCRIPTS = sizeof scripts / sizeof scripts[0], SCRIPT_SAMPLE = 16 * 1024 };

static int script_of(uint32_t cp) {
    size_t low = 0, high = N_SCRIPTS;
    while (low < high) {
        size_t mid = low + (high - low) / 2;
        if (cp < scripts[mid].first)
            high = mid;
        else if (cp > scripts[mid].last)
            low = mid + 1;
        else
            return (int)mid;
    }
    return -1;
}

const char *langid_script(struct slice text) {
    unsigned count[N_SCRIPTS] = {0};
    struct slice sample = slice_sub(text, 0, SCRIPT_SAMPLE);
    size_t latin = 0;
    for (size_t i = 0; i < sample.len; i++) latin += ((unsigned char)sample.ptr[i] | 32u) - 'a' < 26u;
    if (latin > sample.len / 2) return "Latn"; /* no other script has room for more letters */
    for (size_t at = 0; at < sample.len;) {
        int range = script_of(utf8_decode(sample, &at));
        if (range >= 0) count[range]++;
    }
    size_t best = N_SCRIPTS;
    unsigned most = 0;
    for (size_t i = 0; i < N_SCRIPTS; i++) {
        unsigned sum = 0;
        for (size_t k = 0; k < N_SCRIPTS; k++)
            if (strcmp(scripts[k].iso, scripts[i].iso) == 0) sum += count[k];
        if (sum > most) {
            most = sum;
            best = i;
        }
    }
    return best == N_SCRIPTS ? "Zyyy" : scripts[best].iso;
}

const char *langid_script_of(const char *iso, const char *found) {
    if (strcmp(iso, "jpn") == 0) return "Jpan"; /* kana and kanji, ISO 15924's name for the mix */
    return found;
}
