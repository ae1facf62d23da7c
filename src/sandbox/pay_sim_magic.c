
/*
 * Copyright (C) the ngx_pay authors
 *
 * Amounts that force what would otherwise be rare: the same for all
 * simulators, as far as a channel knows the case (docs/sandbox.md).
 */

#include <sandbox/pay_sim.h>


const pay_magic_row_t  pay_magic_rows[] = {

    { 901, PAY_MAGIC_DECLINED, "declined", "The payer's bank says no." },

    { 902, PAY_MAGIC_LOST, "answer lost",
      "It is done, and the connection is closed without an answer." },
    { 903, PAY_MAGIC_LATE, "answer late",
      "It is done, and the answer comes after 20 seconds." },
    { 904, PAY_MAGIC_CUT, "answer truncated",
      "It is done, and half of the answer comes." },
    { 905, PAY_MAGIC_BROKEN, "error, but done",
      "It is done, and the answer is 500." },
    { 906, PAY_MAGIC_DOWN, "error, not done",
      "Nothing is done, and the answer is 503, every time." },
    { 907, PAY_MAGIC_UNSIGNED, "bad signature",
      "It is done, and the signature of the answer does not hold." },

    { 911, PAY_MAGIC_PAYING, "user paying",
      "The payer enters a password for 5 seconds, then it is paid." },
    { 912, PAY_MAGIC_DELAYED, "notice delayed",
      "The notice comes 10 seconds later." },
    { 913, PAY_MAGIC_REPEATED, "notice repeated",
      "The notice comes twice, though it was acknowledged." },
    { 914, PAY_MAGIC_REORDERED, "notices reordered",
      "The notice comes after the next of this order, or 30 seconds"
      " later." },
    { 915, PAY_MAGIC_FORGED, "notice forged",
      "A notice with a signature that does not hold comes before the true"
      " notice." },
    { 916, PAY_MAGIC_OTHER, "another amount",
      "The notice tells of an amount that is larger by 1." },

    { 921, PAY_MAGIC_OPEN, "stays open",
      "A refund is open until a button ends it." },
    { 922, PAY_MAGIC_FAILED, "fails",
      "A refund or a transfer is accepted, and fails." },
    { 923, PAY_MAGIC_CLOSED, "is closed",
      "A refund is accepted, and closed without money." },
    { 924, PAY_MAGIC_POOR, "not enough",
      "A refund or a transfer is refused for want of money." },

    { 0, PAY_MAGIC_NONE, NULL, NULL }
};


pay_magic_t
pay_magic(int64_t amount)
{
    const pay_magic_row_t  *row;

    for (row = pay_magic_rows; row->digits != 0; row++) {
        if (amount % 1000 == row->digits) {
            return row->magic;
        }
    }

    return PAY_MAGIC_NONE;
}


int
pay_magic_wire(pay_sim_t *s, pay_magic_t magic)
{
    switch (magic) {

    case PAY_MAGIC_LOST:
        s->wire = PAY_SIM_LOST;
        return 1;

    case PAY_MAGIC_LATE:
        s->wire = PAY_SIM_LATE;
        return 1;

    case PAY_MAGIC_CUT:
        s->wire = PAY_SIM_CUT;
        return 1;

    default:
        return 0;
    }
}


/* when the first notice of something is to be sent */

int64_t
pay_magic_due(pay_magic_t magic, int64_t now)
{
    switch (magic) {

    case PAY_MAGIC_DELAYED:
        return now + PAY_MAGIC_DELAY;

    case PAY_MAGIC_REORDERED:
        return now + PAY_MAGIC_HOLD;

    case PAY_MAGIC_PAYING:
        return now + PAY_MAGIC_TIME;

    default:
        return now;
    }
}
