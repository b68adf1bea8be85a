/*
 * A reader of the frames that WIRE.md describes, for a reader of generation 2.
 *
 * The first half is the reader: it looks at a block of memory, keeps only
 * places in it, and needs no heap. The second half is the program around it:
 * it checks test vectors, answers for frames on standard input, and makes
 * mutated frames from a fixed seed.
 *
 * "Step" in the comments is a step of "The order of checks" in WIRE.md.
 */

#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* ---- XXH64, seed 0 ------------------------------------------------------ */

static const uint64_t P1 = 0x9E3779B185EBCA87u;
static const uint64_t P2 = 0xC2B2AE3D27D4EB4Fu;
static const uint64_t P3 = 0x165667B19E3779F9u;
static const uint64_t P4 = 0x85EBCA77C2B2AE63u;
static const uint64_t P5 = 0x27D4EB2F165667C5u;

static uint64_t little(const uint8_t *p, int bytes)
{
    uint64_t v = 0;
    for (int i = 0; i < bytes; i++)
        v |= (uint64_t)p[i] << (8 * i);
    return v;
}

static uint64_t rotate(uint64_t v, int by)
{
    return v << by | v >> (64 - by);
}

static uint64_t lane(uint64_t acc, uint64_t input)
{
    return rotate(acc + input * P2, 31) * P1;
}

static uint64_t merge(uint64_t acc, uint64_t of)
{
    return (acc ^ lane(0, of)) * P1 + P4;
}

static uint64_t xxh64(const uint8_t *p, size_t len)
{
    const uint64_t total = len;
    uint64_t h = P5;

    if (len >= 32) {
        uint64_t a = P1 + P2, b = P2, c = 0, d = 0 - P1;
        for (; len >= 32; p += 32, len -= 32) {
            a = lane(a, little(p, 8));
            b = lane(b, little(p + 8, 8));
            c = lane(c, little(p + 16, 8));
            d = lane(d, little(p + 24, 8));
        }
        h = rotate(a, 1) + rotate(b, 7) + rotate(c, 12) + rotate(d, 18);
        h = merge(merge(merge(merge(h, a), b), c), d);
    }
    h += total;
    for (; len >= 8; p += 8, len -= 8)
        h = rotate(h ^ lane(0, little(p, 8)), 27) * P1 + P4;
    if (len >= 4) {
        h = rotate(h ^ little(p, 4) * P1, 23) * P2 + P3;
        p += 4;
        len -= 4;
    }
    for (; len > 0; p++, len--)
        h = rotate(h ^ *p * P5, 11) * P1;
    h = (h ^ h >> 33) * P2;
    h = (h ^ h >> 29) * P3;
    return h ^ h >> 32;
}

/* ---- The frame ---------------------------------------------------------- */

enum { HANDOFF = 1, REPORT = 2, SETUP = 3 };
enum { GENERATION = 2, HEADER = 16, CHECKSUM = 8 };

/* What the handoff is checked against: the guest's page size and the soft
 * RLIMIT_STACK of its agent. */
static const uint64_t PAGE_SIZE = 4096;
static const uint64_t STACK_LIMIT = 8u << 20;

/* Code 0 says that the frame is right. */
struct verdict {
    int code;
    size_t at;
};

struct header {
    int kind;
    int generation;
    size_t n; /* the payload's length */
};

static struct verdict ok(void)
{
    return (struct verdict){0, 0};
}

static struct verdict bad(int code, size_t at)
{
    return (struct verdict){code, at};
}

static size_t limit_of(int kind)
{
    switch (kind) {
    case HANDOFF:
        return 4194304;
    case REPORT:
        return 64;
    default: /* SETUP */
        return 524288;
    }
}

/* Steps 1 to 9. A stream reader does this with 16 bytes, then takes n + 8 more. */
static struct verdict read_header(const uint8_t *frame, size_t have, int expected,
                                  struct header *header)
{
    static const uint8_t magic[4] = {0x89, 0x6d, 0x73, 0x62};

    if (have < HEADER)
        return bad(1, have);
    for (size_t i = 0; i < sizeof magic; i++)
        if (frame[i] != magic[i])
            return bad(2, i);
    const int kind = frame[4], generation = frame[5], min_generation = frame[6];
    /* The setup came with generation 2. */
    if (kind != HANDOFF && kind != REPORT && (kind != SETUP || generation < 2))
        return bad(3, 4);
    if (generation < 1)
        return bad(5, 5);
    if (min_generation < 1 || min_generation > generation)
        return bad(5, 6);
    if (min_generation > GENERATION)
        return bad(6, 6);
    if (frame[7] != 0)
        return bad(7, 7);
    const uint32_t n = (uint32_t)little(frame + 8, 4);
    if (n > limit_of(kind))
        return bad(8, 8);
    if (little(frame + 12, 4) != 0)
        return bad(9, 12);
    if (kind != expected)
        return bad(4, 4);
    *header = (struct header){kind, generation, n};
    return ok();
}

/* Steps 1 to 12, of a frame in a block of memory. */
static struct verdict read_frame(const uint8_t *frame, size_t have, int expected,
                                 struct header *header)
{
    struct verdict v = read_header(frame, have, expected, header);
    if (v.code)
        return v;
    const size_t body = HEADER + header->n;
    if (have < body + CHECKSUM)
        return bad(1, have);
    if (have > body + CHECKSUM)
        return bad(10, body + CHECKSUM);
    if (xxh64(frame, body) != little(frame + body, 8))
        return bad(11, body);
    return ok();
}

/* ---- Numbers ------------------------------------------------------------ */

enum { CUT = 12, TOO_LARGE = 13, PADDED = 14 };

/* A varint of 32 or 64 bits. Answers 0 and moves on, or a code and stays. */
static int number(const uint8_t *frame, size_t *at, size_t end, int bits, uint64_t *value)
{
    const int bytes = bits == 32 ? 5 : 10;
    const uint8_t top = bits == 32 ? 0x0f : 0x01; /* the most in the last byte */
    uint64_t v = 0;

    for (int i = 0; i < bytes; i++) {
        if (*at + (size_t)i >= end)
            return CUT;
        const uint8_t byte = frame[*at + (size_t)i];
        v |= (uint64_t)(byte & 0x7f) << (7 * i);
        if (byte >= 0x80)
            continue;
        if (byte == 0 && i > 0)
            return PADDED;
        if (i == bytes - 1 && byte > top)
            return TOO_LARGE;
        *at += (size_t)i + 1;
        *value = v;
        return 0;
    }
    return TOO_LARGE;
}

/* ---- The handoff (kind 1) ----------------------------------------------- */

/* All places are offsets in the frame. */
struct handoff {
    uint64_t cmd;  /* length */
    int has_cwd;
    uint64_t cwd;  /* length */
    uint64_t args; /* number of items */
    size_t args_at;
    uint64_t env; /* number of items */
    size_t env_at;
    size_t text;
    size_t text_end;
};

/* A number that a payload's index holds: code 12 is found at the end. */
static struct verdict field(const uint8_t *frame, size_t *at, size_t end, uint64_t *value)
{
    const int code = number(frame, at, end, 32, value);
    return code == CUT ? bad(CUT, end) : code ? bad(code, *at) : ok();
}

/* Passes over the lengths in a list without reading them. */
static struct verdict pass_list(const uint8_t *frame, size_t *at, size_t end, uint64_t *items,
                                size_t *items_at)
{
    struct verdict v = field(frame, at, end, items);
    if (v.code)
        return v;
    *items_at = *at;
    for (uint64_t left = *items; left > 0; (*at)++) {
        if (*at == end)
            return bad(CUT, end);
        if (frame[*at] < 0x80)
            left--;
    }
    return ok();
}

/* How many bytes the well-formed character at p has; 0 if there is none. */
static size_t character(const uint8_t *p, size_t have)
{
    uint8_t low = 0x80, high = 0xbf;
    size_t more;

    if (p[0] < 0x80)
        return 1;
    if (p[0] < 0xc2)
        return 0;
    if (p[0] < 0xe0) {
        more = 1;
    } else if (p[0] < 0xf0) {
        more = 2;
        if (p[0] == 0xe0)
            low = 0xa0;
        if (p[0] == 0xed)
            high = 0x9f;
    } else if (p[0] < 0xf5) {
        more = 3;
        if (p[0] == 0xf0)
            low = 0x90;
        if (p[0] == 0xf4)
            high = 0x8f;
    } else {
        return 0;
    }
    if (have <= more || p[1] < low || p[1] > high)
        return 0;
    for (size_t i = 2; i <= more; i++)
        if (p[i] < 0x80 || p[i] > 0xbf)
            return 0;
    return more + 1;
}

/* Steps 16.2 and 16.3: the string at *at and its NUL. Moves behind the NUL. */
static struct verdict take_string(const uint8_t *frame, size_t *at, size_t text_end,
                                  uint64_t length)
{
    if (length >= text_end - *at)
        return bad(16, *at);
    *at += (size_t)length;
    if (frame[*at] != 0)
        return bad(18, *at);
    (*at)++;
    return ok();
}

static int is_absolute(const uint8_t *s, uint64_t length)
{
    return length > 0 && s[0] == '/';
}

static int is_auto(const uint8_t *s, uint64_t length)
{
    return length == 4 && memcmp(s, "auto", 4) == 0;
}

enum { PATH_LONGEST = 4095, AUTO_LONGEST = 24, POINTER = 8 };

/* Step 16 for one list. Adds the strings, with their NULs, to *sum. */
static struct verdict check_list(const uint8_t *frame, size_t *at, size_t text_end, uint64_t items,
                                 size_t items_at, int is_env, uint64_t *sum)
{
    for (; items > 0; items--) {
        uint64_t length;
        const size_t start = *at;
        const int code = number(frame, &items_at, text_end, 32, &length);
        if (code)
            return bad(code, items_at);
        struct verdict v = take_string(frame, at, text_end, length);
        if (v.code)
            return v;
        if (is_env && length > 0 && frame[start] == '=')
            return bad(36, start);
        if (is_env && !memchr(frame + start, '=', (size_t)length))
            return bad(38, start);
        if (length + 1 > 32 * PAGE_SIZE)
            return bad(39, start);
        *sum += length + 1;
    }
    return ok();
}

/* The first NUL before the string's own, or 0. Moves behind the own one. */
static size_t inner_nul(const uint8_t *frame, size_t *at, uint64_t length)
{
    const uint8_t *nul = memchr(frame + *at, 0, (size_t)length);
    *at += (size_t)length + 1;
    return nul ? (size_t)(nul - frame) : 0;
}

/* The length of the next string of a checked list. */
static uint64_t next_length(const uint8_t *frame, size_t *items_at, size_t end)
{
    uint64_t length = 0;
    (void)number(frame, items_at, end, 32, &length);
    return length;
}

static struct verdict read_handoff(const uint8_t *frame, size_t have, struct handoff *m)
{
    struct header header;
    struct verdict v = read_frame(frame, have, HANDOFF, &header);
    if (v.code)
        return v;
    const size_t end = HEADER + header.n;
    size_t at = HEADER;
    uint64_t text_length;

    /* Step 13. */
    *m = (struct handoff){0};
    if ((v = field(frame, &at, end, &m->cmd)).code)
        return v;
    if (at == end)
        return bad(CUT, end);
    if (frame[at] > 1)
        return bad(15, at);
    m->has_cwd = frame[at++];
    if (m->has_cwd && (v = field(frame, &at, end, &m->cwd)).code)
        return v;
    if ((v = pass_list(frame, &at, end, &m->args, &m->args_at)).code)
        return v;
    if ((v = pass_list(frame, &at, end, &m->env, &m->env_at)).code)
        return v;
    if ((v = field(frame, &at, end, &text_length)).code)
        return v;
    if (text_length > end - at)
        return bad(CUT, end);
    m->text = at;
    m->text_end = at + (size_t)text_length;

    /* Step 14. */
    if (m->text_end < end && header.generation <= GENERATION)
        return bad(20, m->text_end);

    /* Step 15. */
    for (size_t i = m->text; i < m->text_end;) {
        const size_t bytes = character(frame + i, m->text_end - i);
        if (bytes == 0)
            return bad(17, i);
        i += bytes;
    }

    /* Step 16. */
    size_t start = at;
    if ((v = take_string(frame, &at, m->text_end, m->cmd)).code)
        return v;
    const int is_auto_init = is_auto(frame + start, m->cmd);
    if (!is_absolute(frame + start, m->cmd) && !is_auto_init)
        return bad(32, start);
    if (m->cmd > PATH_LONGEST)
        return bad(34, start);
    if (m->has_cwd) {
        start = at;
        if ((v = take_string(frame, &at, m->text_end, m->cwd)).code)
            return v;
        if (!is_absolute(frame + start, m->cwd))
            return bad(33, start);
        if (m->cwd > PATH_LONGEST)
            return bad(34, start);
    }
    uint64_t sum = 0;
    if ((v = check_list(frame, &at, m->text_end, m->args, m->args_at, 0, &sum)).code)
        return v;
    if ((v = check_list(frame, &at, m->text_end, m->env, m->env_at, 1, &sum)).code)
        return v;

    /* Step 17. */
    if (at < m->text_end)
        return bad(16, at);

    /* Step 18. */
    size_t nul, items_at;
    at = m->text;
    if ((nul = inner_nul(frame, &at, m->cmd)) != 0)
        return bad(19, nul);
    if (m->has_cwd && (nul = inner_nul(frame, &at, m->cwd)) != 0)
        return bad(19, nul);
    items_at = m->args_at;
    for (uint64_t i = 0; i < m->args; i++)
        if ((nul = inner_nul(frame, &at, next_length(frame, &items_at, end))) != 0)
            return bad(19, nul);
    items_at = m->env_at;
    for (uint64_t i = 0; i < m->env; i++)
        if ((nul = inner_nul(frame, &at, next_length(frame, &items_at, end))) != 0)
            return bad(19, nul);

    /* Step 19. */
    const uint64_t path = is_auto_init ? AUTO_LONGEST : m->cmd;
    const uint64_t total = 2 * (path + 1) + sum + POINTER * (1 + m->args + m->env);
    uint64_t limit = STACK_LIMIT / 4;
    limit = limit > 6291456 ? 6291456 : limit;
    limit = limit < 131072 ? 131072 : limit;
    if (total > limit)
        return bad(40, m->text);
    return ok();
}

/* ---- The report (kind 2) ------------------------------------------------ */

enum { READY, ACCEPTED, REFUSED, EXEC_FAILED, SET_UP, STARTED, FAILED, UNKNOWN };

struct report {
    int variant;
    int generation; /* READY */
    uint64_t page_size, stack_limit, inherited_strings, inherited_bytes;
    int reason; /* REFUSED */
    uint64_t offset;
    int step, item;   /* FAILED */
    int64_t errno_of; /* EXEC_FAILED, FAILED */
};

static int one_byte(const uint8_t *frame, size_t *at, size_t end, int *value)
{
    if (*at == end)
        return 0;
    *value = frame[(*at)++];
    return 1;
}

static int varint(const uint8_t *frame, size_t *at, size_t end, int bits, uint64_t *value)
{
    return number(frame, at, end, bits, value) == 0;
}

static int zigzag(const uint8_t *frame, size_t *at, size_t end, int64_t *value)
{
    uint64_t v;
    if (!varint(frame, at, end, 32, &v))
        return 0;
    *value = v % 2 == 0 ? (int64_t)(v / 2) : -(int64_t)(v / 2) - 1;
    return 1;
}

static struct verdict read_report(const uint8_t *frame, size_t have, struct report *r)
{
    struct header header;
    struct verdict v = read_frame(frame, have, REPORT, &header);
    if (v.code)
        return v;
    const struct verdict malformed = bad(21, HEADER);
    const size_t end = HEADER + header.n;
    const int newer = header.generation > GENERATION;
    size_t at = HEADER;
    uint64_t variant;
    int good = 1;

    *r = (struct report){0};
    if (!varint(frame, &at, end, 32, &variant))
        return malformed;
    if (variant > FAILED) {
        r->variant = UNKNOWN;
        return newer ? ok() : malformed;
    }
    if (variant >= SET_UP && header.generation < 2)
        return malformed;
    r->variant = (int)variant;
    switch (r->variant) {
    case READY:
        good = one_byte(frame, &at, end, &r->generation);
        if (header.generation < 2) {
            r->page_size = 4096;
            r->stack_limit = 8388608;
            r->inherited_strings = 2;
            r->inherited_bytes = 18;
        } else {
            good = good && varint(frame, &at, end, 32, &r->page_size)
                   && varint(frame, &at, end, 64, &r->stack_limit)
                   && varint(frame, &at, end, 32, &r->inherited_strings)
                   && varint(frame, &at, end, 32, &r->inherited_bytes);
        }
        break;
    case REFUSED:
        good = one_byte(frame, &at, end, &r->reason)
               && varint(frame, &at, end, 32, &r->offset);
        break;
    case EXEC_FAILED:
        good = zigzag(frame, &at, end, &r->errno_of);
        break;
    case FAILED:
        good = one_byte(frame, &at, end, &r->step) && one_byte(frame, &at, end, &r->item)
               && zigzag(frame, &at, end, &r->errno_of);
        break;
    default: /* ACCEPTED, SET_UP, STARTED: no fields */
        break;
    }
    if (!good)
        return malformed;
    if (at < end && !newer)
        return bad(20, at);
    return ok();
}

/* The setup (kind 3) has no reader here. It would be a read_setup beside the
 * two above, and a letter in `answer` below. */

/* ======== The program around the reader ================================== */

enum { FRAME_MAX = (4 << 20) + (1 << 16), LINE_MAX_BYTES = 2 * FRAME_MAX + 64 };

static uint8_t frame_block[FRAME_MAX];
static uint8_t scratch[FRAME_MAX];
static char line[LINE_MAX_BYTES];
static char out[3 * FRAME_MAX];
static char wanted[3 * FRAME_MAX];

static void die(const char *what)
{
    fprintf(stderr, "reader: %s\n", what);
    exit(2);
}

/* ---- Answers as text ---------------------------------------------------- */

struct text {
    char *to;
    size_t len, cap;
};

static void put(struct text *t, const char *format, ...)
{
    va_list list;
    va_start(list, format);
    const int len = vsnprintf(t->to + t->len, t->cap - t->len, format, list);
    va_end(list);
    if (len < 0 || (size_t)len >= t->cap - t->len)
        die("an answer is too long");
    t->len += (size_t)len;
}

static void put_hex(struct text *t, const uint8_t *bytes, size_t len)
{
    static const char digits[] = "0123456789abcdef";
    if (len > (t->cap - t->len - 1) / 2)
        die("an answer is too long");
    for (size_t i = 0; i < len; i++) {
        t->to[t->len++] = digits[bytes[i] >> 4];
        t->to[t->len++] = digits[bytes[i] & 15];
    }
    t->to[t->len] = 0;
}

static void put_string(struct text *t, const char *name, const uint8_t *frame, size_t *at,
                       uint64_t length)
{
    put(t, " %s=", name);
    put_hex(t, frame + *at, (size_t)length);
    *at += (size_t)length + 1;
}

static void put_handoff(struct text *t, const uint8_t *frame, const struct handoff *m)
{
    size_t at = m->text, items_at;

    put(t, "ok");
    put_string(t, "cmd", frame, &at, m->cmd);
    if (m->has_cwd)
        put_string(t, "cwd", frame, &at, m->cwd);
    items_at = m->args_at;
    for (uint64_t i = 0; i < m->args; i++)
        put_string(t, "arg", frame, &at, next_length(frame, &items_at, m->text_end));
    items_at = m->env_at;
    for (uint64_t i = 0; i < m->env; i++)
        put_string(t, "env", frame, &at, next_length(frame, &items_at, m->text_end));
}

static void put_report(struct text *t, const struct report *r)
{
    switch (r->variant) {
    case READY:
        put(t, "ok ready %d %llu %llu %llu %llu", r->generation,
            (unsigned long long)r->page_size, (unsigned long long)r->stack_limit,
            (unsigned long long)r->inherited_strings, (unsigned long long)r->inherited_bytes);
        break;
    case ACCEPTED:
        put(t, "ok accepted");
        break;
    case REFUSED:
        put(t, "ok refused %d %llu", r->reason, (unsigned long long)r->offset);
        break;
    case EXEC_FAILED:
        put(t, "ok exec-failed %lld", (long long)r->errno_of);
        break;
    case SET_UP:
        put(t, "ok set up");
        break;
    case STARTED:
        put(t, "ok started");
        break;
    case FAILED:
        put(t, "ok failed %d %d %lld", r->step, r->item, (long long)r->errno_of);
        break;
    default:
        put(t, "ok unknown");
        break;
    }
}

/* The answer for the first `len` bytes of frame_block, for a reader that
 * expects a handoff (`H`) or a report (`R`). They are moved to the block's end
 * first: there a sanitizer sees every read behind the frame. */
static void answer(struct text *t, char who, size_t len)
{
    uint8_t *frame = frame_block + sizeof frame_block - len;
    struct handoff handoff;
    struct report report;
    struct verdict v;

    memmove(frame, frame_block, len);
    t->len = 0;
    if (who == 'H') {
        v = read_handoff(frame, len, &handoff);
        if (!v.code)
            put_handoff(t, frame, &handoff);
    } else {
        v = read_report(frame, len, &report);
        if (!v.code)
            put_report(t, &report);
    }
    if (v.code)
        put(t, "%d %zu", v.code, v.at);
}

/* ---- Frames as text ----------------------------------------------------- */

static int digit(char c)
{
    return c >= '0' && c <= '9' ? c - '0' : c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* Hex with `+` and `*`, up to `stop`. */
static size_t pieces(const char *s, const char *stop, uint8_t *to, size_t cap)
{
    size_t len = 0, first = 0;

    while (s < stop) {
        if (*s == '+') {
            first = len;
            s++;
        } else if (*s == '*') {
            char *after;
            const unsigned long times = strtoul(s + 1, &after, 10);
            if (len != first + 1 || times == 0 || times > cap - first)
                die("`*` needs one byte before it and a count that fits");
            memset(to + first, to[first], times);
            len = first + times;
            s = after;
        } else {
            if (stop - s < 2 || digit(s[0]) < 0 || digit(s[1]) < 0 || len == cap)
                die("not hex, or too long");
            to[len++] = (uint8_t)(digit(s[0]) << 4 | digit(s[1]));
            s += 2;
        }
    }
    return len;
}

/* An answer with its `+` and `*` written out. */
static void expand(struct text *t, const char *s, const char *stop)
{
    t->len = 0;
    while (s < stop) {
        const char *end = memchr(s, ' ', (size_t)(stop - s));
        end = end ? end : stop;
        const char *eq = memchr(s, '=', (size_t)(end - s));
        if (eq) {
            put(t, "%.*s", (int)(eq + 1 - s), s);
            put_hex(t, scratch, pieces(eq + 1, end, scratch, sizeof scratch));
        } else {
            put(t, "%.*s", (int)(end - s), s);
        }
        if (end < stop)
            put(t, " ");
        s = end < stop ? end + 1 : stop;
    }
}

static int next_line(FILE *file)
{
    if (!fgets(line, sizeof line, file))
        return 0;
    const size_t len = strlen(line);
    if (len == 0 || line[len - 1] != '\n')
        die("a line is too long or not ended");
    line[len - 1] = 0;
    return 1;
}

static FILE *open_file(const char *path)
{
    FILE *file = fopen(path, "rb");
    if (!file) {
        perror(path);
        exit(2);
    }
    return file;
}

/* The columns of the next vector; its frame goes to frame_block. */
struct vector {
    char who;
    size_t len;
    const char *answer, *answer_end, *note;
};

static int next_vector(FILE *file, struct vector *vector)
{
    do {
        if (!next_line(file))
            return 0;
    } while (line[0] == '#');
    char *frame = strchr(line, '\t');
    char *result = frame ? strchr(frame + 1, '\t') : NULL;
    char *note = result ? strchr(result + 1, '\t') : NULL;
    if (!note || strchr(note + 1, '\t') || frame != line + 1 || (line[0] != 'H' && line[0] != 'R'))
        die("a vector has not its four columns");
    vector->who = line[0];
    vector->len = pieces(frame + 1, result, frame_block, sizeof frame_block);
    vector->answer = result + 1;
    vector->answer_end = note;
    vector->note = note + 1;
    return 1;
}

/* ---- reader vectors FILE ------------------------------------------------ */

static int check_vectors(const char *path)
{
    FILE *file = open_file(path);
    struct text got = {out, 0, sizeof out}, want = {wanted, 0, sizeof wanted};
    struct vector vector;
    int count = 0, wrong = 0;

    while (next_vector(file, &vector)) {
        expand(&want, vector.answer, vector.answer_end);
        answer(&got, vector.who, vector.len);
        count++;
        if (strcmp(got.to, want.to) != 0) {
            wrong++;
            printf("%s: want %.60s, got %.60s\n", vector.note, want.to, got.to);
        }
    }
    fclose(file);
    printf("%d vectors, %d wrong\n", count, wrong);
    return count == 0 || wrong > 0;
}

/* ---- reader frames FILE... ---------------------------------------------- */

static size_t read_whole(const char *path)
{
    FILE *file = open_file(path);
    const size_t len = fread(frame_block, 1, sizeof frame_block, file);
    if (len == sizeof frame_block)
        die("a frame is too long");
    fclose(file);
    return len;
}

/* A golden frame's kind says who reads it. */
static char who_reads(size_t len)
{
    return len > 4 && frame_block[4] == REPORT ? 'R' : 'H';
}

static int read_frames(int count, char **paths)
{
    struct text got = {out, 0, sizeof out};
    int wrong = 0;

    for (int i = 0; i < count; i++) {
        const size_t len = read_whole(paths[i]);
        answer(&got, who_reads(len), len);
        if (strncmp(got.to, "ok", 2) != 0) {
            wrong++;
            printf("%s: %s\n", paths[i], got.to);
        }
    }
    printf("%d golden frames, %d wrong\n", count, wrong);
    return count == 0 || wrong > 0;
}

/* ---- reader answer < lines ---------------------------------------------- */

/* `H hex` or `R hex` a line. Of a report that is right, only `ok` is said. */
static int answer_lines(void)
{
    struct text got = {out, 0, sizeof out};

    while (next_line(stdin)) {
        if ((line[0] != 'H' && line[0] != 'R') || line[1] != ' ')
            die("a line has not `H hex` or `R hex`");
        const size_t len = pieces(line + 2, strchr(line, 0), frame_block, sizeof frame_block);
        answer(&got, line[0], len);
        puts(line[0] == 'R' && got.to[0] == 'o' ? "ok" : got.to);
    }
    return 0;
}

/* ---- reader mutate SEED COUNT VECTORS FRAME... -------------------------- */

enum { BASES = 1024, STORE = 24 << 20, MUTANT_MAX = 3 << 20 };

static struct base {
    char who;
    size_t at, len;
} bases[BASES];
static int base_count;
static uint8_t store[STORE];
static size_t stored;
static uint8_t mutant[MUTANT_MAX];
static size_t mutant_len;
static uint64_t state;

/* SplitMix64. */
static uint64_t chance(void)
{
    uint64_t z = state += 0x9E3779B97F4A7C15u;
    z = (z ^ z >> 30) * 0xBF58476D1CE4E5B9u;
    z = (z ^ z >> 27) * 0x94D049BB133111EBu;
    return z ^ z >> 31;
}

static size_t below(size_t bound)
{
    return (size_t)(chance() % bound);
}

static int one_in(size_t bound)
{
    return below(bound) == 0;
}

static void add_base(char who, size_t len)
{
    if (base_count == BASES || len > sizeof store - stored)
        die("too many frames to start from");
    bases[base_count++] = (struct base){who, stored, len};
    memcpy(store + stored, frame_block, len);
    stored += len;
}

/* A frame to start from. Long ones take long, so they are rare. */
static const struct base *any_base(void)
{
    const size_t longest = one_in(1000) ? MUTANT_MAX : one_in(50) ? 16384 : 2048;
    for (;;) {
        const struct base *base = &bases[below((size_t)base_count)];
        if (base->len < HEADER + CHECKSUM && !one_in(8)) /* a header alone */
            continue;
        if (base->len <= longest && (longest == 2048 || base->len > 2048 || one_in(16)))
            return base;
    }
}

static uint8_t any_byte(void)
{
    static const uint8_t telling[] = {0x00, 0x01, 0x02, 0x04, 0x0f, 0x10, 0x2f, 0x3d, 0x61,
                                      0x7f, 0x80, 0x81, 0xc0, 0xc3, 0xe0, 0xed, 0xf4, 0xff};
    return one_in(3) ? (uint8_t)chance() : telling[below(sizeof telling)];
}

/* A place in the mutant: mostly in the payload, often early in it. */
static size_t any_place(void)
{
    const size_t len = mutant_len;
    if (len > HEADER + CHECKSUM && !one_in(12)) {
        size_t n = len - HEADER - CHECKSUM;
        if (n > 12 && one_in(2))
            n = 12;
        return HEADER + below(n);
    }
    return len ? below(len) : 0;
}

static void open_gap(size_t at, size_t len)
{
    memmove(mutant + at + len, mutant + at, mutant_len - at);
    mutant_len += len;
}

static void close_gap(size_t at, size_t len)
{
    memmove(mutant + at, mutant + at + len, mutant_len - at - len);
    mutant_len -= len;
}

static size_t min(size_t a, size_t b)
{
    return a < b ? a : b;
}

static void change(void)
{
    const size_t at = any_place();
    size_t len = 1 + below(one_in(8) ? 64 : 4);

    if (mutant_len < 2 || mutant_len + 2 * len > MUTANT_MAX)
        return;
    switch (below(9)) {
    case 0: /* a bit */
        mutant[at] ^= (uint8_t)(1u << below(8));
        break;
    case 1: /* a byte */
    case 2:
        mutant[at] = any_byte();
        break;
    case 3: /* a length, or what may be one */
        mutant[at] = (uint8_t)(mutant[at] + (one_in(2) ? 1 : 255));
        break;
    case 4: /* bytes more */
        open_gap(at, len);
        for (size_t i = 0; i < len; i++)
            mutant[at + i] = any_byte();
        break;
    case 5: /* bytes less */
        len = min(len, mutant_len - at);
        close_gap(at, len);
        break;
    case 6: { /* bytes of another frame, in between or in place */
        const struct base *other = any_base();
        const size_t from = other->len ? below(other->len) : 0;
        len = min(len, other->len - from);
        if (one_in(2))
            open_gap(at, len);
        len = min(len, mutant_len - at);
        memcpy(mutant + at, store + other->at + from, len);
        break;
    }
    case 7: /* the same bytes again */
        len = min(len, mutant_len - at);
        open_gap(at, len);
        break;
    default: /* a character of two bytes, or a `=` and a NUL */
        open_gap(at, 2);
        memcpy(mutant + at, one_in(2) ? "\xc3\xa9" : "=", 2);
        break;
    }
}

static void put_number(uint64_t v)
{
    for (; v >= 0x80; v >>= 7)
        mutant[mutant_len++] = (uint8_t)(v | 0x80);
    mutant[mutant_len++] = (uint8_t)v;
}

static size_t any_length(void)
{
    if (one_in(4000))
        return 131065 + below(10);
    if (one_in(60))
        return 4090 + below(10);
    if (one_in(20))
        return 120 + below(16);
    return below(12);
}

/* How many empty arguments more bring a message about to the limit of rule 40. */
static size_t to_the_brim(const size_t *lengths, size_t first, size_t strings)
{
    size_t total = 2 * (lengths[0] + 1) + POINTER * (1 + strings - first);
    for (size_t i = first; i < strings; i++)
        total += lengths[i] + 1;
    const size_t aim = STACK_LIMIT / 4 - 20 + below(40);
    return total < aim ? (aim - total) / (POINTER + 1) : 0;
}

/* A handoff from scratch whose lengths mostly add up and whose strings are
 * mostly right. */
static void build(void)
{
    static const char *const characters[] = {"a", "/", "=", "\xc3\xa9", "\xe2\x82\xac",
                                             "\xf0\x9f\x9a\x80", "\xed\x9f\xbf", "\xef\xbf\xbf"};
    static const char *const edges[] = {
        "\x80",         "\xbf",         "\xc1\xbf",         "\xc2\x80",         "\xdf\xbf",
        "\xe0\x9f\xbf", "\xe0\xa0\x80", "\xed\x9f\xbf",     "\xed\xa0\x80",     "\xee\x80\x80",
        "\xe2\x82",     "\xe2\x82\xc0", "\xf0\x8f\xbf\xbf", "\xf0\x90\x80\x80", "\xf4\x8f\xbf\xbf",
        "\xf4\x90\x80\x80", "\xf5\x80\x80\x80", "\xf1\x80\x80", "\xf1\x80\x80\xc0", "\xff"};
    const size_t cwd = below(2), args = below(4), env = below(4), strings = 1 + cwd + args + env;
    size_t lengths[8], total = 0, item = 0;

    for (size_t i = 0; i < strings; i++) {
        lengths[i] = i == 0 && one_in(4) ? 4 : any_length();
        if (lengths[i] < 2 && (i < 1 + cwd || i >= 1 + cwd + args) && !one_in(12))
            lengths[i] += 2;
        total += lengths[i] + 1;
    }
    const size_t more = one_in(300) ? to_the_brim(lengths, 1 + cwd, strings) : 0;

    /* A length that is one off, now and then. */
    const size_t off = one_in(16) ? below(strings) : strings;
    const size_t whole = off < strings ? lengths[off] : 0;
    if (off < strings)
        lengths[off] = whole && one_in(2) ? whole - 1 : whole + 1;

    memcpy(mutant, (const uint8_t[HEADER]){0x89, 0x6d, 0x73, 0x62, HANDOFF, 2, 1}, HEADER);
    mutant_len = HEADER;
    put_number(lengths[item++]);
    mutant[mutant_len++] = (uint8_t)cwd;
    if (cwd)
        put_number(lengths[item++]);
    put_number(args + more);
    for (size_t i = 0; i < args; i++)
        put_number(lengths[item++]);
    memset(mutant + mutant_len, 0, more);
    mutant_len += more;
    put_number(env);
    for (size_t i = 0; i < env; i++)
        put_number(lengths[item++]);
    put_number(total + more);
    if (off < strings)
        lengths[off] = whole;
    for (size_t i = 0; i < strings; i++) {
        uint8_t *s = mutant + mutant_len;
        const size_t len = lengths[i];
        const int is_arg = i >= 1 + cwd && i < 1 + cwd + args;
        for (size_t done = 0; done < len;) {
            const int plain = len >= 32 || (!is_arg && done < 2);
            const char *c = characters[plain ? 0 : below(8)];
            const size_t bytes = strlen(c);
            if (bytes <= len - done) {
                memcpy(s + done, c, bytes);
                done += bytes;
            }
        }
        if (i == 0 && len == 4 && one_in(2))
            memcpy(s, "auto", 4);
        else if (i < 1 + cwd && len > 0 && !one_in(20))
            s[0] = '/';
        if (i >= 1 + cwd + args && len > 1 && !one_in(20))
            memcpy(s, "k=", 2);
        if (is_arg && len >= 4 && one_in(8)) {
            const char *edge = edges[below(sizeof edges / sizeof *edges)];
            memcpy(s + len - (one_in(4) ? strlen(edge) : 4), edge, strlen(edge));
        }
        if (len > 0 && s[len - 1] < 0x80 && one_in(40))
            s[below(len)] = 0;
        s[len] = 0;
        mutant_len += len + 1;
        if (i == cwd + args) {
            memset(mutant + mutant_len, 0, more);
            mutant_len += more;
        }
    }
    if (one_in(12)) { /* fields of a newer generation */
        mutant[5] = (uint8_t)(2 + below(3));
        for (size_t i = below(4); i > 0; i--)
            mutant[mutant_len++] = any_byte();
    }
    memset(mutant + mutant_len, 0, CHECKSUM);
    mutant_len += CHECKSUM;
}

static void repair(int length_too)
{
    if (mutant_len < HEADER + CHECKSUM)
        return;
    const size_t body = mutant_len - CHECKSUM;
    if (length_too)
        for (int i = 0; i < 4; i++)
            mutant[8 + i] = (uint8_t)((body - HEADER) >> (8 * i));
    const uint64_t sum = xxh64(mutant, body);
    for (int i = 0; i < 8; i++)
        mutant[body + (size_t)i] = (uint8_t)(sum >> (8 * i));
}

static int make_mutants(uint64_t seed, unsigned long count, const char *vectors, int frames,
                        char **paths)
{
    FILE *file = open_file(vectors);
    struct text text = {out, 0, sizeof out};
    struct vector vector;

    while (next_vector(file, &vector))
        add_base(vector.who, vector.len);
    fclose(file);
    for (int i = 0; i < frames; i++) {
        const size_t len = read_whole(paths[i]);
        add_base(who_reads(len), len);
    }
    state = seed;
    for (; count > 0; count--) {
        char who;
        size_t changes = 1 + below(one_in(3) ? 8 : 2);
        if (one_in(4)) {
            build();
            who = 'H';
            changes = one_in(2) ? 0 : changes;
        } else {
            const struct base *base = any_base();
            who = base->who;
            mutant_len = base->len;
            memcpy(mutant, store + base->at, base->len);
        }
        for (size_t i = 0; i < changes; i++)
            change();
        if (mutant_len > 6 && one_in(8)) {
            mutant[5] = (uint8_t)(1 + below(4));
            mutant[6] = (uint8_t)(1 + below(one_in(8) ? 4 : 1));
        }
        if (!one_in(8))
            repair(!one_in(12));
        if (one_in(40))
            who = who == 'H' ? 'R' : 'H';
        text.len = 0;
        put(&text, "%c ", who);
        put_hex(&text, mutant, mutant_len);
        puts(text.to);
    }
    return 0;
}

int main(int argc, char **argv)
{
    const char *mode = argc > 1 ? argv[1] : "";

    if (strcmp(mode, "vectors") == 0 && argc == 3)
        return check_vectors(argv[2]);
    if (strcmp(mode, "frames") == 0 && argc > 2)
        return read_frames(argc - 2, argv + 2);
    if (strcmp(mode, "answer") == 0 && argc == 2)
        return answer_lines();
    if (strcmp(mode, "mutate") == 0 && argc > 4)
        return make_mutants(strtoull(argv[2], NULL, 0), strtoul(argv[3], NULL, 10), argv[4],
                            argc - 5, argv + 5);
    fputs("usage: reader vectors FILE\n"
          "       reader frames FRAME...\n"
          "       reader answer < LINES\n"
          "       reader mutate SEED COUNT VECTORS FRAME...\n",
          stderr);
    return 2;
}
