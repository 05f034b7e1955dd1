#!/bin/bash
# What a compiler does not check: layout, layers, headers, banned calls, static analysis.  Prints what is wrong; exit 1 if anything.
set -u
cd "$(dirname "$0")/../.." || exit 1
bad=0
say() { echo "lint: $*"; bad=1; }

sources=$(git ls-files '*.c' '*.h' '*.cc')

# shellcheck disable=SC2086
clang-format --dry-run -Werror $sources 2> build/lint-format.txt || { head -20 build/lint-format.txt; say "formatting: run clang-format -i on these"; }

# Arrows go down only.
check_layer() { # room, rooms it may include
    local room=$1 allowed=$2 hits
    hits=$(grep -nE '#include "(base|store|crawler|dedup|cli)/' "$room"/*.c "$room"/*.h "$room"/*.cc 2>/dev/null | grep -vE "#include \"($allowed)/")
    [ -z "$hits" ] || { echo "$hits"; say "$room may include $allowed only"; }
}
check_layer base 'base'
check_layer store 'store|base'
check_layer crawler 'crawler|store|base'
check_layer dedup 'dedup|store|base'

# Each header compiles alone, in C and from C++ where C++ sees it.
for h in $(git ls-files 'base/*.h' 'store/*.h' 'crawler/*.h' 'dedup/*.h' 'cli/*.h'); do
    gcc -std=c17 -D_GNU_SOURCE -I. $(pkg-config --cflags libxml-2.0 libcurl) -Wall -Wextra -Werror -fsyntax-only -x c "$h" 2> build/lint-header.txt ||
        { head -5 build/lint-header.txt; say "$h does not compile alone"; }
done

banned='\b(strcpy|strcat|sprintf|vsprintf|gets|strtok|atoi|atol|atof|strncpy|strncat|alloca|isspace|isalpha|isdigit|isalnum|toupper|tolower|system|popen|tmpnam|mktemp)\('
# In code, not in comments.
hits=$(for f in $(echo "$sources" | grep -v '^tests/'); do sed 's#/\*.*\*/##; s#//.*##; s#^ \* .*##' "$f" | grep -nE "$banned" | sed "s#^#$f:#"; done)
[ -z "$hits" ] || { echo "$hits"; say "banned functions"; }

# Libraries never print or exit: only cli/ and base/progress.c do.
# shellcheck disable=SC2046
hits=$(grep -nE '\b(printf|puts|fputs|putchar|perror|exit|abort)\(' $(git ls-files 'base/*.c' 'store/*.c' 'crawler/*.c' 'dedup/*.c' | grep -v base/progress.c))
[ -z "$hits" ] || { echo "$hits"; say "libraries neither print nor exit"; }

# External libraries stay behind their files.
behind() { # header regex, files regex
    local hits
    # shellcheck disable=SC2086
    hits=$(grep -lE "#include <$1" $sources | grep -vE "^tests/|$2")
    [ -z "$hits" ] || { echo "$hits"; say "<$1> is for $2 only"; }
}
behind 'curl/' '^crawler/fetch_'
behind 'sqlite3' '^(tests/|store/manifest|store/mdb|crawler/(db|frontier|hosts|ingest_state))'
behind 'zstd' '^(tests/|store/|crawler/decode)'
behind 'utf8proc' '^base/unicode'
behind 'simdjson' '^base/json_in'
behind 'cyaml' '^cli/config'
behind 'microhttpd' '^cli/serve'
behind 'libpsl' '^crawler/url_domain'
behind 'sodium' '^store/sign'
behind 'nettle' '^base/hash'
behind 'libxml' '^crawler/'
behind 'archive' '^(crawler/ingest_archive|store/export_file)'

# A page must tell what a file is for.
for h in $(git ls-files 'base/*.h' 'store/*.h' 'crawler/*.h' 'dedup/*.h' 'cli/*.h'); do
    sed -n 3p "$h" | grep -q '^/\*' || say "$h does not begin with a comment that says what it is for"
done

for f in $sources; do
    n=$(wc -l < "$f")
    [ "$n" -le 900 ] || say "$f has $n lines: more than one idea?"
done

# A table of numbers is left out (it reads that for minutes).  Its data flow does not follow pointers to outputs, nor the assembler's symbols: those two findings are left out.
# shellcheck disable=SC2046
cppcheck --quiet --std=c11 --enable=warning,performance,portability --error-exitcode=1 -j2 -I. --suppress=missingIncludeSystem \
    --suppress=normalCheckLevelMaxBranches --suppress=uninitvar --suppress=comparePointers --suppress=invalidFunctionArg \
    --template='{file}:{line}: {id}: {message}' -D_GNU_SOURCE -DVILLERS_VERSION='""' \
    $(git ls-files 'base/*.c' 'store/*.c' 'crawler/*.c' 'dedup/*.c' 'cli/*.c' ':!dedup/langid_weights.c') 2> build/lint-cppcheck.txt ||
    { head -20 build/lint-cppcheck.txt; say "cppcheck"; }

[ $bad -eq 0 ] && echo "lint: nothing to say"
exit $bad
