#include "base/limits.h"
#include "base/utf8.h"
#include "crawler/page.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>

#include <cmocka.h>

static struct page_reader *reader;
static struct buf err;

static struct page read_at(const char *url, struct slice html) {
    struct page_options opt = {.url = slice_str(url), .agent = slice_str("villers"), .want_links = true, .want_text = true};
    struct page p;
    assert_int_equal(page_read(reader, html, &opt, &p, &err), ST_OK);
    return p;
}
static struct page read_page(const char *html) { return read_at("https://exemple.fr/a/b", slice_str(html)); }

static void assert_slice(struct slice got, const char *want, const char *html) {
    if (slice_eq_str(got, want)) return;
    print_error("%s\n  want %s\n  got  %.*s\n", html, want, SLICE_ARG(got));
    fail();
}

#define LONG                                                                                                                       \
    "Le meunier ouvre la vanne, la roue se met à tourner, et la farine tombe dans le sac que son fils a posé sous la trémie. "  \
    "Il a plu toute la nuit, la rivière est haute, et l'on moudra jusqu'au soir."
#define MORE                                                                                                                       \
    "Quand le vent se lève, on entend les ailes depuis le bourg, et les enfants montent la côte pour les voir passer. "          \
    "Personne ne se souvient d'un été sans farine, pas même les plus anciens du village."

/* Links: page, then URL with '!' when nofollow '@' when hreflang and '%' when a feed, parted by blanks. */
static const struct {
    const char *html, *links;
} link_cases[] = {
    {"<a href=c>x</a>", "https://exemple.fr/a/c"},
    {"<a href='/c#f'>x</a><a href='/c'>y</a>", "https://exemple.fr/c"},
    {"<base href='/z/'><a href=c>x</a>", "https://exemple.fr/z/c"},
    {"<base target=_top><base href='//autre.fr/z/'><base href=/n/><a href=c>x</a>", "https://autre.fr/z/c"},
    {"<a rel='external NoFollow' href=c>x</a>", "https://exemple.fr/a/c!"},
    {"<a rel=ugc href=c>x</a><a rel=sponsored href=d>x</a>", "https://exemple.fr/a/c! https://exemple.fr/a/d!"},
    {"<a rel=nofollow href=c>x</a><a href=c>x</a>", "https://exemple.fr/a/c"},
    {"<meta name=robots content='noindex, nofollow'><a href=c>x</a>", "https://exemple.fr/a/c!"},
    {"<map><area href=c></map>", "https://exemple.fr/a/c"},
    {"<link rel=next href=2><link rel=stylesheet href=s.css><link rel='alternate' hreflang=fr href=/fr/>",
     "https://exemple.fr/a/2 https://exemple.fr/fr/@"},
    {"<link rel=alternate type='application/rss+xml; charset=utf-8' href=flux><link rel=alternate type=application/atom+xml href=/f>"
     "<link rel=alternate type=application/json href=/j>",
     "https://exemple.fr/a/flux% https://exemple.fr/f%"},
    /* nothing between two attributes; the first of two counts; references in one of them; implied elements before the tag */
    {"<a data-x=\"1\"href=\"c\"data-y='2'rel=nofollow>x</a><a data-x='1'href='d?a&amp;b'data-y='2'rel=nofollow>y</a>",
     "https://exemple.fr/a/c! https://exemple.fr/a/d?a&b!"},
    {"<a href=c href=d>x</a><a href=e class='&eacute;' href=f>x</a><a href=g/>y</a>",
     "https://exemple.fr/a/c https://exemple.fr/a/e https://exemple.fr/a/g/"},
    {"<base href='/z/' /><img/><a class=é href=é>x</a><A HREF = 'd' >x</A>", "https://exemple.fr/z/%C3%A9 https://exemple.fr/z/d"},
    {"<a href='mailto:a@b.fr'>x</a><a href='javascript:f()'>x</a><a>x</a><a href=''>y</a>", "https://exemple.fr/a/b"},
    {"<script>document.write('<a href=x>')</script><!-- <a href=y> --><a href=c?a=1&amp;b=2>z</a>",
     "https://exemple.fr/a/c?a=1&b=2"},
};

static void test_links(void **state) {
    (void)state;
    for (size_t i = 0; i < sizeof link_cases / sizeof *link_cases; i++) {
        struct page p = read_page(link_cases[i].html);
        struct buf got = {0};
        for (size_t k = 0; k < p.n_links; k++)
            buf_printf(&got, "%s%.*s%s%s%s", k ? " " : "", SLICE_ARG(p.links[k].url), p.links[k].nofollow ? "!" : "",
                       p.links[k].hreflang ? "@" : "", p.links[k].feed ? "%" : "");
        assert_slice(buf_view(&got), link_cases[i].links, link_cases[i].html);
        buf_free(&got);
    }
}

static void test_robots(void **state) {
    (void)state;
    assert_true(read_page("<meta name=ROBOTS content='NONE'>").robots.noindex);
    assert_true(read_page("<meta name=robots content='none'>").robots.nofollow);
    assert_true(read_page("<meta name=Villers content='noai'>").robots.noai);
    assert_false(read_page("<meta name=autre content='noindex'>").robots.noindex);
    assert_false(read_page("<meta name=description content='noindex'>").robots.noindex);
    assert_false(read_page("<!-- <meta name=robots content=noindex> -->").robots.noindex);
}

/* What a field of the page is; the field by its letter. */
static const struct {
    char field;
    const char *html, *want;
} field_cases[] = {
    {'c', "<link rel=canonical href='/x?utm_source=y#z'>", "https://exemple.fr/x"},
    {'c', "<link rel=canonical href='mailto:x'>", ""},
    {'r', "<meta http-equiv=refresh content='3; URL=\"../n\"'>", "https://exemple.fr/n"},
    {'r', "<meta http-equiv=refresh content='5'>", ""},
    {'t', "<title>Le moulin | La Gazette</title><meta property=og:site_name content='La Gazette'>", "Le moulin"},
    {'t', "<title>La Gazette : le moulin à eau</title><h1>Le moulin à eau</h1>", "Le moulin à eau"},
    {'t', "<title>Jour - nuit</title>", "Jour - nuit"},
    {'t', "<title> L&#039;&eacute;t&eacute;\n </title>", "L'été"},
    {'t', "<svg><title>icône</title></svg><h1>Un titre de page</h1>", "Un titre de page"},
    {'t',
     "<title>Exemple</title><script type='application/ld+json'>{\"@type\":\"NewsArticle\",\"headline\":\"L&#39;eau\"}</script>",
     "L'eau"},
    {'t', "<title>Le moulin à eau du bourg | Les amis du patrimoine</title>", "Le moulin à eau du bourg"},
    {'t', "<title>Le moulin à eau du bourg | Le carnet</title><h1><a href='/'>Le carnet</a></h1><p>x", "Le moulin à eau du bourg"},
    {'t', "<title>Le moulin</title><main><h1>Deux siècles de farine au bourg</h1></main>", "Deux siècles de farine au bourg"},
    {'a', "<meta name=author content='Anne Roy'>", "Anne Roy"},
    {'a', "<span class='byline'>Par Anne Roy</span>", "Anne Roy"},
    {'a', "<meta name=citation_author content='Anne Roy'><meta name=citation_author content='Léo Bon'>", "Anne Roy; Léo Bon"},
    {'a', "<script type='application/ld+json'>[{\"@type\":[\"Article\"],\"author\":[{\"name\":\"Anne\"},\"Léo\"]}]</script>",
     "Anne; Léo"},
    {'a', "<div class=comments><b class=author>Toto Titi</b></div>", ""},
    {'s', "<meta property='og:site_name' content='La Gazette'>", "La Gazette"},
    {'s', "<p>x</p>", "exemple.fr"},
    {'l', "<html lang=' fr-CA '>", "fr-CA"},
    {'l', "<html xml:lang=fr>", "fr"},
    {'l', "<meta http-equiv=content-language content=oc>", "oc"},
    {'d', "<meta property=article:published_time content=2024-07-01T23:30:00+02:00>", "2024-07-01"},
    {'d', "<article><p>x</p><footer class=entry-footer><time class=published datetime=2024-07-01>x</time></footer></article>",
     "2024-07-01"},
    {'d', "<p class=date>1 июля 2024</p>", "2024-07-01"},
    {'d',
     "<script type='application/ld+json'>\n// <![CDATA[\n{\"@type\":\"BlogPosting\",\"datePublished\":\"2024-07-01\"};\n// ]]></script>",
     "2024-07-01"},
    {'d',
     "<script type='application/ld+json'>{\"@graph\":[{\"@type\":\"WebPage\",\"datePublished\":\"2020-01-02\"},{\"@type\":\"Article\",\"datePublished\":\"2024-07-01\"}]}</script>",
     "2024-07-01"},
    {'d', "<time datetime='2024-07-01'>hier</time>", "2024-07-01"},
    {'d', "<p class=date>Publié le 1er juillet 2024 à 8 h</p>", "2024-07-01"},
    {'d', "<p class=date>le 1<sup>er</sup> août 2024</p>", "2024-08-01"},
    {'d', "<p class=posted>July 4th, 2023</p>", "2023-07-04"},
    {'d', "<p class=posted>3. M\xc3\xa4rz 2023</p>", "2023-03-03"},
    {'d', "<p class=posted>04/07/2023</p>", "2023-07-04"},
    {'d', "<html lang=en-US><p class=posted>04/07/2023</p>", "2023-04-07"},
    {'d', "<link rel=canonical href='/2023/07/04/titre'>", "2023-07-04"},
    {'d', "<h1>Un titre</h1><p>Le 31 février 2024 n'est pas un jour.</p>", ""},
    {'d', "<p>Mis à jour le 3 août 2024</p><p>Par Anne Duval, publié le 1er juillet 2024 à 8 h</p>", "2024-07-01"},
    {'d', "<meta property=og:updated_time content=2024-08-03><p>Mise en ligne : <b>1/7/2024</b></p>", "2024-07-01"},
    {'d', "<meta property=og:updated_time content=2024-08-03><p class=teaser><i>Erschienen am</i> <time>1. Juli 2024</time></p>",
     "2024-07-01"},
    {'d', "<span class=date>3 August 2024</span><p>Posted by <a href=/a>Ann</a> on 1 July 2024</p>", "2024-07-01"},
    {'d', "<p class=date>3 de agosto de 2024</p><p>Publicado el 1 de julio de 2024</p>", "2024-07-01"},
    {'d', "<nav>Publié le 3 août 2024</nav><p class=date>1er juillet 2024</p>", "2024-07-01"},
    {'d',
     "<title>Un long titre</title><div class=widget><h2>Un long titre</h2><i class=published title=2024-07-01>8 h</i></div>"
     "<div class=aside><p>a<p>b<p>c<p>d<p>e<p>f<p>g<p>h<p>i<p>j<time datetime=2024-08-03>x</time></div>",
     "2024-07-01"},
    {'d', "<p class=date>31 août 1990</p>", ""},
    {'d',
     "<h1>Un titre</h1><p>Mis en ligne le 14 d\xc3\xa9"
     "cembre 2021</p>",
     "2021-12-14"},
    {'L', "<meta name=dcterms.license content='https://creativecommons.org/licenses/by/4.0/'>", "CC-BY-4.0 meta"},
    {'L',
     "<script type='application/ld+json'>{\"@type\":\"Article\",\"license\":\"https://creativecommons.org/licenses/by-sa/4.0/\"}</script>",
     "CC-BY-SA-4.0 json-ld"},
    {'L',
     "<script type='application/ld+json'>{\"@type\":\"Article\",\"image\":{\"license\":\"https://creativecommons.org/licenses/by-sa/4.0/\"}}</script>",
     " "},
    {'L', "<link rel=license href='//creativecommons.org/publicdomain/zero/1.0/'>", "CC0-1.0 link"},
    {'L', "<footer>Contenus sous <a href='https://creativecommons.org/licenses/by/4.0/deed.fr'>CC BY</a></footer>",
     "CC-BY-4.0 footer"},
    {'L', "<p>Ce texte est sous licence <a href='https://creativecommons.org/licenses/by/4.0/'>CC BY</a>.</p>", "CC-BY-4.0 body"},
    {'L', "<p>Une licence comme <a href='https://creativecommons.org/licenses/by/4.0/'>CC BY</a> permet cela.</p>", " "},
    {'L',
     "<footer>Les icônes de cette page sont sous <a rel=license href='https://creativecommons.org/licenses/by/4.0/'>CC BY</a></footer>",
     " "},
    {'L',
     "<figure><figcaption>Photo : <a rel=license href='https://creativecommons.org/licenses/by/2.0/'>CC BY</a></figcaption></figure>",
     " "},
    {'L',
     "<link rel=license href='https://creativecommons.org/licenses/by/4.0/'><footer><a rel=license href='https://creativecommons.org/licenses/by-nc/4.0/'>x</a></footer>",
     " link"},
    {'T', "<meta name=generator content='MediaWiki 1.39'><meta property=og:type content=article>",
     "generator:MediaWiki og:article"},
    {'T',
     "<script type=application/ld+json>{\"@graph\":[{\"@type\":[\"https://schema.org/NewsArticle\",\"WebPage\"]},{\"@type\":\"Organization\"},"
     "{\"@type\":\"NewsArticle\"}]}</script><div itemscope itemtype='http://schema.org/DiscussionForumPosting'>x</div>"
     "<div itemprop=comment itemtype='http://schema.org/BlogPosting'>x</div><meta name=citation_doi content=10.1/2>",
     "ld:NewsArticle microdata:DiscussionForumPosting meta:citation"},
    {'T', "<script type=application/ld+json>{\"@type\":\"JobPosting\"}</script><meta property=og:type content='website'>",
     "og:website"},
    {'T', "<meta name=generator content='é \x01'><meta property=og:type content=''><div itemtype='schema.org/'>x</div>", ""},
    {'L',
     "<script type='application/ld+json'>{\"@type\":\"WebSite\",\"license\":\"https://creativecommons.org/licenses/by/4.0/\"}</script>",
     "CC-BY-4.0 json-ld"},
    {'L',
     "<script type='application/ld+json'>{\"@type\":[\"Article\",\"LearningResource\"],\"license\":[{\"@type\":\"CreativeWork\",\"name\":\"CC BY 4.0\"}]}</script>",
     "CC-BY-4.0 json-ld"},
    {'L',
     "<script type='application/ld+json'>//<![CDATA[\n{\"@type\":\"Article\",\"license\":\"https://creativecommons.org/licenses/by/4.0/\"}\n//]]></script>",
     "CC-BY-4.0 json-ld"},
    {'L',
     "<script type='application/ld+json'>{\"@type\":\"VideoObject\",\"license\":\"https://creativecommons.org/licenses/by/4.0/\"}</script>",
     " "},
    {'L',
     "<script type='application/ld+json'>{\"@type\":\"SoftwareApplication\",\"license\":\"https://opensource.org/licenses/MIT\"}</script>",
     " "},
    {'L', "<link rel=DCTERMS.rights href='https://creativecommons.org/licenses/by/4.0/'>", "CC-BY-4.0 link"},
    {'L',
     "<div itemscope itemtype='https://schema.org/Article'><link itemprop=license href='https://creativecommons.org/licenses/by/4.0/'></div>",
     "CC-BY-4.0 link"},
    {'L',
     "<div itemscope itemtype='https://schema.org/ImageObject'><img><a rel=license href='https://creativecommons.org/licenses/by/4.0/'>CC</a></div>",
     " "},
    {'L', "<div about=vue.jpg><a rel=license href='https://creativecommons.org/licenses/by/4.0/'>CC</a></div>", " "},
    {'L', "<p class=photo-credit>Vue du port, <a rel=license href='https://creativecommons.org/licenses/by/4.0/'>CC</a></p>", " "},
    {'L',
     "<article class=has-post-thumbnail><p>Texte sous licence <a href='https://creativecommons.org/licenses/by/4.0/'>CC</a></p></article>",
     "CC-BY-4.0 body"},
    {'L', "<template><a rel=license href='https://creativecommons.org/licenses/by/4.0/'>CC</a></template>", " "},
    {'L', "<textarea><a rel=license href='https://creativecommons.org/licenses/by/4.0/'>CC</a></textarea>", " "},
    {'L', "<ul class=comments><li>Mon texte est sous licence <a href='https://creativecommons.org/licenses/by/4.0/'>CC</a></ul>",
     " "},
    {'L', "<blockquote>Un poème, sous licence <a href='https://creativecommons.org/licenses/by/4.0/'>CC</a></blockquote>", " "},
    {'L', "<p>Licence : <a href='https://creativecommons.org/licenses/by/4.0/'>CC BY</a></p>", "CC-BY-4.0 body"},
    {'L',
     "<p>Cette partie reprend une notice publiée sous licence <a href='https://creativecommons.org/licenses/by/4.0/'>CC BY</a></p>",
     " "},
    {'L',
     "<footer>Textes : <a href='https://creativecommons.org/licenses/by/4.0/'>CC BY</a>. Photos : <a href='https://creativecommons.org/licenses/by-sa/4.0/'>CC BY-SA</a>.</footer>",
     "CC-BY-4.0 footer"},
    {'L',
     "<footer>Le code est sous <a href='https://opensource.org/licenses/MIT'>MIT</a>, les contenus sous <a href='https://creativecommons.org/licenses/by/4.0/'>CC BY</a></footer>",
     "CC-BY-4.0 footer"},
    {'L', "<footer>Propulsé par un moteur libre, <a href='https://www.gnu.org/licenses/gpl-3.0.html'>GPL v3</a></footer>", " "},
    {'L',
     "<footer>Logo et marque déposés. Les contenus sont sous <a href='https://creativecommons.org/licenses/by/4.0/'>CC BY</a></footer>",
     "CC-BY-4.0 footer"},
    {'L', "<footer><a rel=license href=/licence>CC BY-SA 4.0</a></footer>", "CC-BY-SA-4.0 footer"},
    {'L', "<footer>Textes : CC BY 4.0 ; photos : CC BY-NC 4.0</footer>", "CC-BY-4.0 footer"},
    {'L', "<footer>Ce site est en CC0</footer>", "CC0-1.0 footer"},
    {'L', "<footer>© 2024. Tous droits réservés.</footer>", " "},
    {'L', "<footer>Sauf mention contraire, les contenus de ce site sont proposés sous licence etalab-2.0</footer>",
     "etalab-2.0 footer"},
};

static void test_fields(void **state) {
    (void)state;
    for (size_t i = 0; i < sizeof field_cases / sizeof *field_cases; i++) {
        struct page p = read_page(field_cases[i].html);
        struct buf licence = {0};
        buf_printf(&licence, "%.*s %s", SLICE_ARG(p.licence.spdx), p.licence.place);
        struct slice got;
        switch (field_cases[i].field) {
        case 'c': got = p.canonical; break;
        case 'r': got = p.refresh; break;
        case 't': got = p.title; break;
        case 'a': got = p.author; break;
        case 's': got = p.site; break;
        case 'l': got = p.declared_language; break;
        case 'd': got = p.date; break;
        case 'T': got = p.declared_type; break;
        default: got = buf_view(&licence); break;
        }
        assert_slice(got, field_cases[i].want, field_cases[i].html);
        buf_free(&licence);
    }
}

/* Main text: what is in it as a whole line, and what is not in it at all ('|' parts several). */
static const struct {
    const char *html, *lines, *absent;
} text_cases[] = {
    /* a thread's posts stay, by any of three signs of one; the comments below an article go */
    {"<body class='forum topic'><div class=topic><h1>Une roue à aubes</h1><p>" LONG "</p></div><div class=comment><p>" MORE
     "</p></div><div class=comment><p>" LONG
     " Et puis voilà.</p></div><div class=comment><p>Merci, c'est bien ce que je cherchais : " MORE "</p></div>",
     LONG "|" MORE "|" LONG " Et puis voilà.", ""},
    {"<body><div itemscope itemtype='https://schema.org/DiscussionForumPosting'><h1>Une roue</h1><p>" LONG
     "</p><div class=comment><p>" MORE "</p></div><div class=comment><p>" LONG
     " Et puis voilà.</p></div><div class=comment><p>Merci, c'est bien ce que je cherchais : " MORE "</p></div></div>",
     LONG "|" MORE "|" LONG " Et puis voilà.", ""},
    {"<script type='application/ld+json'>{\"@type\":\"DiscussionForumPosting\"}</script><body><h1>Une roue</h1><p>" LONG
     "</p><div class=comment><p>" MORE "</p></div><div class=comment><p>" LONG
     " Et puis voilà.</p></div><div class=comment><p>Merci, c'est bien ce que je cherchais : " MORE "</p></div>",
     LONG "|" MORE "|" LONG " Et puis voilà.", ""},
    {"<body class=article><h1>Une roue</h1><p>" LONG
     "</p><p>Le soir, tout le monde rentre chez soi, et la roue tourne encore un peu sur la rivière haute.</p><div class=comment><p>" MORE
     "</p></div><div class=comment><p>" MORE
     " Et puis voilà.</p></div><div class=comment><p>Merci, c'est bien ce que je cherchais : " MORE "</p></div>",
     LONG, MORE},
    {"<body><nav><ul><li><a href=/>Accueil</a><li><a href=/n>Nouvelles</a></ul></nav><main><p>" LONG "</p><h2>Le matin</h2><p>" MORE
     "</p><p>" LONG "</p></main><footer><p>© 2024 La Gazette. Tous droits réservés.</p></footer>",
     LONG "|" MORE "|Le matin", "Accueil|Nouvelles|droits réservés"},
    {"<body><div id=cookie-banner class=cookie-consent><p>Nous utilisons des cookies pour améliorer votre visite, et nos partenaires aussi.</p>"
     "<button>Accepter</button></div><article><p>" LONG "</p><p>" MORE "</p></article>",
     LONG "|" MORE, "cookies|Accepter"},
    {"<body><article><p>" LONG
     "</p><ul><li>de la farine de blé, moulue du jour,</li><li>de l'eau de la source, et du sel.</li></ul><p>" MORE
     "</p></article><section id=comments class=comments><h3>Commentaires</h3><div class=comment><p class=comment-author>Toto</p><p>Merci, très bel article !</p></div></section>",
     "de la farine de blé, moulue du jour,|de l'eau de la source, et du sel.", "très bel article"},
    {"<body><article><p>" LONG "</p><p>" MORE
     "</p><p>Le <button>meunier</button> ouvre la vanne et la roue se met à tourner dans le matin.</p></article>"
     "<aside class=related><h3>Lire aussi</h3><ul><li><a href=/1>La foire aux vins de la vallée</a></li><li><a href=/2>Un loup dans la plaine</a></li></ul></aside>",
     "Le meunier ouvre la vanne et la roue se met à tourner dans le matin.", "Lire aussi|foire aux vins|loup"},
    {"<body><main><p>Premier vers du poème, qui s'en va,<br>second vers du poème, qui revient.</p><p>" LONG "</p><p>" MORE
     "</p></main>",
     "Premier vers du poème, qui s'en va,|second vers du poème, qui revient.", ""},
    {"<body><main><p>" LONG
     "</p><p>Caf\x65\xcc\x81, c\xc5\x93ur, «\xe2\x80\xafoui\xe2\x80\xaf» et 12\xc2\xa0%, dit-il à la fin, sans se presser.</p><p>" MORE
     "</p></main>",
     "Café, c\xc5\x93ur, «\xe2\x80\xafoui\xe2\x80\xaf» et 12\xc2\xa0%, dit-il à la fin, sans se presser.", ""},
    {"<body><main><p>" LONG
     "</p><script>var x = 'du code qui ne se lit pas';</script><style>.a{b:c}</style><!-- une remarque --><p>" MORE "</p></main>",
     LONG, "du code|b:c|remarque"},
    /* more comments than text: the text */
    {"<body><article><h1>Le moulin</h1><p>" LONG "</p><p>" MORE "</p></article><ol class=comment-list>"
     "<li class=comment><p>J'ai connu ce moulin, monsieur, du temps de mon grand-père, et il tournait bien mieux, croyez-moi, je vous le dis.</p>"
     "<li class=comment><p>Pour ma part, je n'y crois pas, et la farine de la ville, bien plus fine, me convient tout à fait, je l'avoue.</p>"
     "<li class=comment><p>Les deux messieurs ont tort, la rivière est trop basse, et personne n'y a moulu de blé depuis la guerre, hélas.</p></ol>",
     LONG "|" MORE, "grand-père|la ville|depuis la guerre"},
    /* cards of other pages in a row */
    {"<body><main><h1>Le moulin</h1><p>" LONG "</p><p>" MORE "</p><p>" LONG "</p><ul class=flux>"
     "<li><h3><a href=/1>Le pont est rouvert aux voitures</a></h3><p>Après trois mois de travaux, le pont du bourg, élargi, est rouvert aux voitures et aux charrettes.</p>"
     "<li><h3><a href=/2>Une école pour les grands</a></h3><p>La nouvelle école, bâtie derrière l'église, accueillera, dès la rentrée, les enfants de douze ans.</p>"
     "<li><h3><a href=/3>Le marché change de jour</a></h3><p>À la demande des marchands, le marché, tenu le lundi, se tiendra désormais le samedi matin.</p></ul></main>",
     LONG "|" MORE, "pont|école|samedi"},
    /* the standfirst above the text */
    {"<title>Le moulin du bourg</title><body><article><header><h1>Le moulin du bourg</h1><p class=chapo>Depuis deux cents ans, les ailes tournent au-dessus du bourg, et l'on y vient de loin.</p>"
     "</header><div><p>" LONG "</p><p>" MORE "</p></div></article>",
     "Depuis deux cents ans, les ailes tournent au-dessus du bourg, et l'on y vient de loin.|" LONG, "Le moulin du bourg"},
    /* a box among paragraphs, tab panels, a state in a class */
    {"<body class=has-sidebar><main><p>" LONG
     "</p><div class=sidebar><p class=titre>Le saviez-vous, voyageur ?</p><p>La meule de dessous ne bouge pas, c'est celle de dessus qui tourne, et qu'il faut battre tous les mois.</p></div><p>" MORE
     "</p><div class=tabs><section class=tab-panel><h3>Vous êtes meunier</h3><p>Il faut, pour moudre, une autorisation du maire, et celle du préfet au-delà de cent sacs par mois.</p></section></div></main>",
     "La meule de dessous ne bouge pas, c'est celle de dessus qui tourne, et qu'il faut battre tous les mois.|"
     "Il faut, pour moudre, une autorisation du maire, et celle du préfet au-delà de cent sacs par mois.",
     ""},
    /* who wrote, what to read next, a picture's credit */
    {"<body><article><p>" LONG
     "</p><figure><img src=a><figcaption>Le moulin, vu du pont, un soir de septembre, par temps calme.</figcaption></figure>"
     "<p>Lire aussi : <a href=/2>Le pont est rouvert aux voitures</a></p><p>" MORE "</p><p>Photo : A. Meunier</p>"
     "<div class=author-box><p>Anne Meunier écrit sur les moulins depuis dix ans, et vit, avec ses trois chats, au bord de la rivière.</p></div></article>",
     LONG "|" MORE, "vu du pont|rouvert|Photo|trois chats"},
};

static bool has_line(struct slice text, struct slice line) {
    struct slice rest = text, one;
    while (slice_cut(&rest, '\n', &one))
        if (slice_eq(one, line)) return true;
    return false;
}

static void test_text(void **state) {
    (void)state;
    for (size_t i = 0; i < sizeof text_cases / sizeof *text_cases; i++) {
        struct page p = read_page(text_cases[i].html);
        struct slice rest = slice_str(text_cases[i].lines), s;
        while (slice_cut(&rest, '|', &s))
            if (s.len && !has_line(p.text, s)) {
                print_error("case %zu lacks: %.*s\nin: %.*s\n", i, SLICE_ARG(s), SLICE_ARG(p.text));
                fail();
            }
        rest = slice_str(text_cases[i].absent);
        while (slice_cut(&rest, '|', &s))
            if (s.len && slice_find(p.text, s) != SIZE_MAX) {
                print_error("case %zu leaks: %.*s\nin: %.*s\n", i, SLICE_ARG(s), SLICE_ARG(p.text));
                fail();
            }
        assert_false(p.coarse);
    }
}

/* Texts and attributes go past the parser by reference: whatever stands between and in them, they come out as written. */
static void test_carried(void **state) {
    (void)state;
    static const struct {
        const char *html, *text;
    } cases[] = {
        {"<body><p>" LONG "<!-- a --> <!-- b -->" MORE "<!---->" LONG "</p>", LONG " " MORE LONG},
        {"<body><p>" LONG "</ odd>" MORE "</p>", LONG " odd>" MORE},
        {"<body><p>" LONG " < " MORE "</p>", LONG " < " MORE},
        {"<body><p>" LONG " \x7f"
         "1\x7f " MORE "</p>",
         LONG " \x7f"
              "1\x7f " MORE},
        {"<body><p>" LONG " &amp; " MORE "</p>", LONG " & " MORE},
        {"<body><p>" LONG "</p><p>" MORE "</p><p class=\"a\" " LONG, LONG "\n" MORE},
        {"<body class=page><p>" LONG "</p><p class='a' id=\"b\">" MORE "</p>", LONG "\n" MORE},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        assert_slice(read_page(cases[i].html).text, cases[i].text, cases[i].html);
}

static void repeat(struct buf *b, const char *s, size_t n) {
    for (size_t i = 0; i < n; i++) buf_str(b, s);
}

/* Hostile pages: each gives a page, soon, and what is sane in it is still read. */
static void test_hostile(void **state) {
    (void)state;
    static const struct {
        const char *piece;
        size_t times;
    } pages[] = {{"<div>", 100000},
                 {"<b>", 100000},
                 {"</i>", 100000},
                 {"<", 10 * 1024 * 1024},
                 {"<!--", 1000000},
                 {"<a href=x>", 200000},
                 {"<script>", 500000},
                 {"\"'<p a='", 500000},
                 {"&", 5000000},
                 {"<table><tr><td>", 50000},
                 {"mot ", 4 * 1024 * 1024},
                 {"</p></div><li>", 200000},
                 {"\xff\xfe", 1000000},
                 {" a=1", 1000000},
                 {"<svg>", 300000},
                 {"<p class='teaser content'><a href=/x>Un titre de carte</a>", 60000},
                 {"<h1>Titre ", 200000},
                 {"<![CDATA[", 300000},
                 {"<a rel=license href=//creativecommons.org/licenses/by/4.0/>licence", 50000},
                 {"<p>le 1er ", 300000}};
    struct buf b;
    for (size_t i = 0; i < sizeof pages / sizeof *pages; i++) {
        buf_init(&b, LIMIT_BODY_PLAIN);
        buf_str(&b, "<title>Une page</title><a href=/un>x</a><p>" LONG "</p><p>" MORE "</p>");
        repeat(&b, pages[i].piece, pages[i].times);
        struct page p = read_at("https://exemple.fr/a/b", buf_view(&b));
        assert_slice(p.title, "Une page", pages[i].piece);
        assert_true(p.n_links >= 1);
        assert_true(utf8_valid(p.text));
        buf_free(&b);
    }
}

static void test_mismatched_ends_stay_linear(void **state) {
    (void)state;
    struct buf b;
    buf_init(&b, LIMIT_BODY_PLAIN);
    repeat(&b, "<b>", 200000);
    repeat(&b, "</i>", 200000);
    struct page p = read_at("https://exemple.fr/", buf_view(&b));
    assert_true(p.coarse);
    buf_free(&b);
}

static void test_nul(void **state) {
    (void)state;
    char html[] = "<title>a b</title><p>x</p><a href=c>y</a>";
    html[8] = 0;
    struct page p = read_at("https://exemple.fr/", slice_of(html, sizeof html - 1));
    assert_slice(p.title, "a b", "NUL");
    assert_int_equal(p.n_links, 1);
}

static void test_too_big(void **state) {
    (void)state;
    static char one[1];
    struct page_options opt = {.url = {"", 0}, .agent = {"", 0}};
    struct page p;
    assert_int_equal(page_read(reader, slice_of(one, LIMIT_BODY_PLAIN + 1), &opt, &p, &err), ST_SKIP);
    assert_int_equal(p.text.len, 0);
}

static void test_same_bytes_same_page(void **state) {
    (void)state;
    struct page a = read_page(text_cases[0].html);
    struct buf first = {0};
    buf_slice(&first, a.text);
    (void)read_page("<p>autre chose</p>");
    struct page b = read_page(text_cases[0].html);
    assert_true(slice_eq(buf_view(&first), b.text));
    buf_free(&first);
}

int main(void) {
    buf_init(&err, LIMIT_ERR);
    reader = page_reader_new();
    if (!reader) return 1;
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_links),
        cmocka_unit_test(test_robots),
        cmocka_unit_test(test_fields),
        cmocka_unit_test(test_text),
        cmocka_unit_test(test_carried),
        cmocka_unit_test(test_hostile),
        cmocka_unit_test(test_mismatched_ends_stay_linear),
        cmocka_unit_test(test_nul),
        cmocka_unit_test(test_too_big),
        cmocka_unit_test(test_same_bytes_same_page),
    };
    int failed = cmocka_run_group_tests(tests, NULL, NULL);
    page_reader_free(reader);
    buf_free(&err);
    return failed;
}
