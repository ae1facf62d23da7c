
/*
 * Copyright (C) the ngx_pay authors
 *
 * HTTP Message Signatures, RFC 9421: which signature of a request is meant
 * for us, and what the gateway requires of it.
 */

#include <model/pay_message.h>


typedef struct {
    const char     *name;
    const char     *why;
    pay_sf_type_t   type;
    size_t          offset;     /* of a pay_str_t or an int64_t */
} pay_message_param_t;


static pay_rc_t pay_message_dict(pay_arena_t *a, const pay_message_t *m,
    const char *name, const char *bad, pay_sf_dict_t *out, const char **why);
static pay_rc_t pay_message_choose(const pay_sf_dict_t *inputs, pay_str_t tag,
    const pay_sf_member_t **out, const char **why);
static const char *pay_message_input(const pay_sf_member_t *m);
static int pay_message_tagged(const pay_sf_member_t *m, pay_str_t tag);
static const char *pay_message_read_params(pay_message_sig_t *s);
static const char *pay_message_signature(const pay_sf_dict_t *signatures,
    pay_message_sig_t *s);
static int pay_message_covers(const pay_message_sig_t *s, const char *name);


/* section 2.3 */

static const pay_message_param_t  pay_message_param_list[] = {
    { "created", "created_type", PAY_SF_INTEGER,
      offsetof(pay_message_sig_t, created) },
    { "expires", "expires_type", PAY_SF_INTEGER,
      offsetof(pay_message_sig_t, expires) },
    { "nonce", "nonce_type", PAY_SF_STRING,
      offsetof(pay_message_sig_t, nonce) },
    { "alg", "alg_type", PAY_SF_STRING,
      offsetof(pay_message_sig_t, alg) },
    { "keyid", "keyid_type", PAY_SF_STRING,
      offsetof(pay_message_sig_t, keyid) },
    { "tag", "tag_type", PAY_SF_STRING,
      offsetof(pay_message_sig_t, tag) }
};


static const struct {
    const char  *name;
    const char  *why;
    int          of_content;    /* only where there is content */
} pay_message_required[] = {
    { "@method",        "method_not_covered",    0 },
    { "@authority",     "authority_not_covered", 0 },
    { "@path",          "path_not_covered",      0 },
    { "@query",         "query_not_covered",     0 },
    { "content-digest", "digest_not_covered",    1 }
};


static const char *const  pay_message_algs[PAY_ALG_MAX] = {
    [PAY_ALG_HMAC_SHA256]       = "hmac-sha256",
    [PAY_ALG_RSA_SHA256]        = "rsa-v1_5-sha256",
    [PAY_ALG_RSA_PSS_SHA512]    = "rsa-pss-sha512",
    [PAY_ALG_ECDSA_P256_SHA256] = "ecdsa-p256-sha256",
    [PAY_ALG_ED25519]           = "ed25519",
    [PAY_ALG_SM2_SM3]           = "sm2-sm3"
};


pay_rc_t
pay_message_parse(pay_arena_t *a, const pay_message_t *m, pay_str_t tag,
    pay_message_sig_t *out, const char **why)
{
    pay_rc_t                rc;
    pay_sf_dict_t           inputs, signatures;
    const pay_sf_member_t  *input;

    memset(out, 0, sizeof(pay_message_sig_t));

    rc = pay_message_dict(a, m, "Signature-Input", "input_syntax", &inputs,
                          why);

    if (rc == PAY_OK) {
        rc = pay_message_choose(&inputs, tag, &input, why);
    }

    if (rc != PAY_OK) {
        return rc;
    }

    out->label = input->key;
    out->input = input;

    *why = pay_message_read_params(out);
    if (*why != NULL) {
        return PAY_INVALID;
    }

    rc = pay_message_dict(a, m, "Signature", "signature_syntax", &signatures,
                          why);

    if (rc == PAY_DECLINED) {
        *why = "signature_missing";
        return PAY_INVALID;
    }

    if (rc != PAY_OK) {
        return rc;
    }

    *why = pay_message_signature(&signatures, out);

    return *why == NULL ? PAY_OK : PAY_INVALID;
}


/* section 4: both fields are Dictionaries */

static pay_rc_t
pay_message_dict(pay_arena_t *a, const pay_message_t *m, const char *name,
    const char *bad, pay_sf_dict_t *out, const char **why)
{
    pay_rc_t   rc;
    pay_str_t  text;

    rc = pay_header_join(a, m->headers, pay_strz(name), &text);
    if (rc != PAY_OK) {
        return rc;
    }

    rc = pay_sf_parse(a, text, out, why);

    if (rc == PAY_INVALID) {
        *why = bad;
    }

    if (rc == PAY_OK && out->nelts > PAY_MESSAGE_LABELS_MAX) {
        *why = "labels";
        return PAY_INVALID;
    }

    return rc;
}


static pay_rc_t
pay_message_choose(const pay_sf_dict_t *inputs, pay_str_t tag,
    const pay_sf_member_t **out, const char **why)
{
    size_t                  i;
    const pay_sf_member_t  *m;

    *out = NULL;

    for (i = 0; i < inputs->nelts; i++) {
        m = &inputs->elts[i];

        *why = pay_message_input(m);
        if (*why != NULL) {
            return PAY_INVALID;
        }

        if (!pay_message_tagged(m, tag)) {
            continue;
        }

        if (*out != NULL) {
            *why = "tag_repeated";
            return PAY_INVALID;
        }

        *out = m;
    }

    return *out == NULL ? PAY_DECLINED : PAY_OK;
}


/* section 4.1: an Inner List of Strings */

static const char *
pay_message_input(const pay_sf_member_t *m)
{
    size_t  i;

    if (!m->inner_list) {
        return "input_syntax";
    }

    if (m->nitems > PAY_MESSAGE_COMPONENTS_MAX) {
        return "components";
    }

    for (i = 0; i < m->nitems; i++) {
        if (m->items[i].bare.type != PAY_SF_STRING) {
            return "input_syntax";
        }
    }

    return NULL;
}


static int
pay_message_tagged(const pay_sf_member_t *m, pay_str_t tag)
{
    const pay_sf_bare_t  *v;

    v = pay_sf_param(&m->item.params, "tag");

    return tag.len == 0
           || (v != NULL && v->type == PAY_SF_STRING
               && pay_str_eq(v->text, tag));
}


static const char *
pay_message_read_params(pay_message_sig_t *s)
{
    char                       *field;
    size_t                      i;
    const pay_sf_bare_t        *v;
    const pay_message_param_t  *p;

    for (i = 0; i < pay_nelts(pay_message_param_list); i++) {
        p = &pay_message_param_list[i];
        field = (char *) s + p->offset;

        v = pay_sf_param(&s->input->item.params, p->name);
        if (v == NULL) {
            continue;
        }

        /* a time of 0 would look like one that is not there */

        if (v->type != p->type
            || (v->type == PAY_SF_INTEGER && v->number <= 0))
        {
            return p->why;
        }

        if (v->type == PAY_SF_INTEGER) {
            *(int64_t *) field = v->number;
            continue;
        }

        *(pay_str_t *) field = v->text;
    }

    return NULL;
}


/* section 4.2: a Byte Sequence of the same label */

static const char *
pay_message_signature(const pay_sf_dict_t *signatures, pay_message_sig_t *s)
{
    const pay_sf_member_t  *m;

    m = pay_sf_member(signatures, s->label);

    if (m == NULL) {
        return "signature_missing";
    }

    if (m->inner_list || m->item.bare.type != PAY_SF_BYTES
        || m->item.bare.text.len == 0)
    {
        return "signature_syntax";
    }

    s->signature = m->item.bare.text;

    return NULL;
}


const char *
pay_message_profile(const pay_message_sig_t *s, int has_content)
{
    size_t  i;

    for (i = 0; i < pay_nelts(pay_message_required); i++) {

        if (pay_message_required[i].of_content && !has_content) {
            continue;
        }

        if (!pay_message_covers(s, pay_message_required[i].name)) {
            return pay_message_required[i].why;
        }
    }

    if (s->created == 0) {
        return "created_missing";
    }

    if (s->keyid.data == NULL) {
        return "keyid_missing";
    }

    if (s->tag.data == NULL) {
        return "tag_missing";
    }

    if (s->nonce.data == NULL) {
        return "nonce_missing";
    }

    return pay_str_token(s->nonce, "._-", 16, 64) ? NULL : "nonce_syntax";
}


/*
 * Whole, so without a parameter: a member alone of content-digest may be one
 * that nobody checks.
 */

static int
pay_message_covers(const pay_message_sig_t *s, const char *name)
{
    size_t                i;
    const pay_sf_item_t  *id;

    for (i = 0; i < s->input->nitems; i++) {
        id = &s->input->items[i];

        if (id->params.nelts == 0 && pay_str_eqz(id->bare.text, name)) {
            return 1;
        }
    }

    return 0;
}


int
pay_message_keyid(pay_str_t keyid, pay_str_t *merchant, pay_str_t *key)
{
    const pay_u8  *slash;

    slash = keyid.len == 0 ? NULL : memchr(keyid.data, '/', keyid.len);
    if (slash == NULL) {
        return 0;
    }

    merchant->data = keyid.data;
    merchant->len = slash - keyid.data;
    key->data = slash + 1;
    key->len = keyid.len - merchant->len - 1;

    return pay_str_token(*merchant, "._-", 1, 64)
           && pay_str_token(*key, "._-", 1, 64);
}


const char *
pay_alg_name(pay_alg_t alg)
{
    return alg < PAY_ALG_MAX ? pay_message_algs[alg] : NULL;
}


pay_alg_t
pay_alg_by_name(pay_str_t name)
{
    pay_alg_t  alg;

    for (alg = PAY_ALG_NONE + 1; alg < PAY_ALG_MAX; alg++) {
        if (pay_str_eqz(name, pay_message_algs[alg])) {
            return alg;
        }
    }

    return PAY_ALG_NONE;
}
