// SPDX-License-Identifier: BSD-3-Clause
// Copyright (c) 2026, the Muster developers

#include "words.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static bool
words_add(struct words *words, const char *text, size_t len)
{
    size_t bytes = ((size_t)words->count + 2) * sizeof(char *);
    char **word = realloc(words->word, bytes);
    if (word)
        words->word = word;
    char **owned = realloc(words->owned, bytes);
    if (owned)
        words->owned = owned;
    char *copy = word && owned ? strndup(text, len) : NULL;
    if (!copy)
        return false;
    word[words->count] = owned[words->count] = copy;
    word[++words->count] = NULL;
    return true;
}

/* Copy one word from *in to out, quotes removed; false if a quote stays open. */
static bool
unquote(const char **in, char *out, size_t *len)
{
    const char *p = *in;
    char quote = '\0';
    size_t n = 0;
    for (; *p && (quote || !strchr(" \t\r\n", *p)); p++) {
        if (quote == '\0' && (*p == '"' || *p == '\''))
            quote = *p;
        else if (*p == quote)
            quote = '\0';
        else if (*p == '\\' && p[1] && quote != '\'')
            out[n++] = *++p;
        else
            out[n++] = *p;
    }
    *in = p;
    *len = n;
    return quote == '\0';
}

/* Add the words of one line, after a ":" if it is not the first line that has any. */
static bool
add_line(struct words *words, const char *line)
{
    const char *p = line + strspn(line, " \t\r\n");
    if (*p == '\0' || *p == '#')
        return true;
    char *word = malloc(strlen(line) + 1);
    bool good = word && (words->count == 0 || words_add(words, ":", 1));
    while (good && *p) {
        size_t len;
        good = unquote(&p, word, &len) && words_add(words, word, len);
        p += strspn(p, " \t\r\n");
    }
    free(word);
    return good;
}

/* Read a line and those that continue it; false at the end of the file. */
static bool
read_line(FILE *f, char **line, size_t *room, int *number)
{
    size_t used = 0;
    char *piece = NULL;
    size_t piece_room = 0;
    ssize_t len;
    while ((len = getline(&piece, &piece_room, f)) > 0) {
        ++*number;
        size_t n = (size_t)len;
        if (used + n + 1 > *room) {
            char *larger = realloc(*line, used + n + 1);
            if (!larger)
                break;
            *line = larger;
            *room = used + n + 1;
        }
        memcpy(*line + used, piece, n + 1);
        used += n;
        if (used < 2 || (*line)[used - 1] != '\n' || (*line)[used - 2] != '\\')
            break;
        used -= 2;
        (*line)[used] = '\0';
    }
    free(piece);
    return used > 0 || len > 0;
}

bool
words_read(struct words *words, const char *path, char *why, size_t n)
{
    *words = (struct words){0};
    FILE *f = fopen(path, "re");
    if (!f) {
        snprintf(why, n, "cannot read %s: %s", path, strerror(errno));
        return false;
    }
    char *line = NULL;
    size_t room = 0;
    int number = 0;
    bool good = true;
    while (good && read_line(f, &line, &room, &number)) {
        good = add_line(words, line);
        if (!good)
            snprintf(why, n, "%s, line %d: a quote is not closed", path, number);
    }
    if (good && ferror(f)) {
        snprintf(why, n, "cannot read %s: %s", path, strerror(errno));
        good = false;
    }
    free(line);
    fclose(f);
    if (!good)
        words_free(words);
    return good;
}

void
words_free(struct words *words)
{
    for (int i = 0; i < words->count; i++)
        free(words->owned[i]);
    free(words->owned);
    free(words->word);
    *words = (struct words){0};
}
