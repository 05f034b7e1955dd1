#include "store/doc_type.h"

static const struct {
    const char *name, *french, *english;
} types[DOC_TYPES] = {
    [DOC_TYPE_OTHER] = {"other", "autre, ou indéterminé", "other, or undetermined"},
    [DOC_TYPE_ARTICLE] = {"article", "article (presse, blog, actualité)", "article (press, blog, news)"},
    [DOC_TYPE_SCHOLARLY] = {"scholarly", "publication savante", "scholarly publication"},
    [DOC_TYPE_BOOK] = {"book", "livre", "book"},
    [DOC_TYPE_ENCYCLOPEDIA] = {"encyclopedia", "notice d’encyclopédie ou de dictionnaire", "encyclopaedia or dictionary entry"},
    [DOC_TYPE_LEGAL] = {"legal", "texte juridique", "legal text"},
    [DOC_TYPE_FICHE] = {"fiche", "fiche administrative", "administrative information sheet"},
    [DOC_TYPE_DEBATE] = {"debate", "débats et comptes rendus", "debates and minutes"},
    [DOC_TYPE_FORUM] = {"forum", "forum, questions et réponses", "forum, questions and answers"},
    [DOC_TYPE_MANUAL] = {"manual", "manuel, documentation", "manual, documentation"},
};

const char *doc_type_name(enum doc_type t) { return types[t].name; }

bool doc_type_find(struct slice name, enum doc_type *t) {
    for (int i = 0; i < DOC_TYPES; i++)
        if (slice_eq_str(name, types[i].name)) {
            *t = (enum doc_type)i;
            return true;
        }
    return false;
}

const char *doc_type_label(const char *name, bool english) {
    enum doc_type t;
    if (!doc_type_find(slice_str(name), &t)) return name;
    return english ? types[t].english : types[t].french;
}

const char *doc_type_names(void) { return "article, scholarly, book, encyclopedia, legal, fiche, debate, forum, manual, other"; }
