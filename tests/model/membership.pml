/*
 * A member is added and another one removed, by one sentinel's restart after the other, for exhaustive search by
 * Spin: {1 2 3}, then {1 2 3 4}, then {1 2 4}. The rules are those of quorum/membership.py and quorum/standing.py;
 * votes and entries are as in agreement.pml, whose abstractions hold here too, but that nothing crashes, no lease
 * is looked at, and that there is one entry a term, of which only the first term's matters.
 *
 * What a sentinel knows of the others' sets, terms and entries is what they are at that moment: words that are
 * older than that are not searched.
 *
 * What is asserted: one leader a term, whichever sets elect; no leader without what an earlier term has committed.
 */
#define TERMS 2
#define N 4
#define NOBODY 0
#define GONE (N + 1) /* somebody, of whom it is all the same who it was */
#define FOLLOWER 0
#define CANDIDATE 1
#define LEADER 2
#define EACH(DO) DO(1) DO(2) DO(3) DO(4)
#define EACH2(DO, x) DO(x, 1) DO(x, 2) DO(x, 3) DO(x, 4)
#define COUNT(x) (((x) & 1) + (((x) >> 1) & 1) + (((x) >> 2) & 1) + (((x) >> 3) & 1))
#define BIT(i) (1 << ((i) - 1))
#define AT(t, c) (((t) - 1) * N + (c) - 1)

/* Membership, by how far a sentinel is: 0 the first set; 1 the second and the first (joint: a majority of both is
   needed); 2 the second alone; 3 the third and the second; 4 the third alone. */
#define SET(s) (((s) + 1) / 2)
#define JOINT(s) ((s) & 1)
#define MEMBERS(k) ((k) == 0 -> 7 : ((k) == 1 -> 15 : 11))
#define MOST(k, ids) (COUNT((ids) & MEMBERS(k)) > COUNT(MEMBERS(k)) / 2)
#define ELECTS(s, ids) (MOST(SET(s), ids) && (!JOINT(s) || MOST(SET(s) - 1, ids)))

/* The rules, each of which can be taken out. */
#ifdef ANY_SET /* membership.py, refusal: who holds the new set takes no part in what the former one does */
#define TAKES(mine, theirs) true
#else
#define TAKES(mine, theirs) (SET(theirs) == SET(mine) || SET(theirs) == SET(mine) + 1)
#endif
#ifdef UNCONFIRMED /* standing.py, moves: a majority of the new set stores the newest entry of all who hold it */
#define CONFIRMED(me) true
#else
#define CONFIRMED(me) MOST(SET(step[me]), (newest == 0 -> (has0 | has1) : has1))
#endif
#ifdef SAME_TERM /* the same: whoever begins to count alone goes up to the newest term of all who hold it */
#define UPTO(me) term[me]
#else
#define UPTO(me) top
#endif
/* a majority of the former set holds the new one, so that the former can never elect again */
#define HELD(me) MOST(SET(step[me]) - 1, has0 | has1)

byte term[N + 2], voted[N + 2], entry[N + 2], role[N + 2], step[N + 2];
/* whether 4, which is new, takes part yet, and who has told it what they have; whether 1 has stood (1 and 2 are
   alike) */
bit joined, stood;
byte told;
/* By term and candidate: with which set and entry it asked; who granted. By term: who has stored the leader's entry;
   who leads; by which set it was elected. */
byte request[TERMS * N], votes[TERMS * N], stored[TERMS + 1], leader[TERMS + 1], under[TERMS + 1];
bit sent, committed;
byte began;
/* of those who hold the same set: who has no entry, who has one, the newest term and entry; no part of the state */
hidden byte has0, has1, top, newest;

#define TAKESPART(i) ((i) != 4 || joined)
#define ALIVE(t, c) (term[c] < (t) || (term[c] == (t) && role[c] != FOLLOWER))
#define LEADING(t) (leader[t] != NOBODY && leader[t] != GONE)
#define REQUEST(s, e) (1 + (s) * 2 + (e))
#define ASKEDBY(q) (((q) - 1) / 2)
#define ASKEDWITH(q) (((q) - 1) % 2)

inline check() {
    assert(leader[2] == NOBODY || !committed || began == 1)
}

#define BURY(t, c) \
    if \
    :: !ALIVE(t, c) -> \
        request[AT(t, c)] = 0; votes[AT(t, c)] = 0; \
        if :: leader[t] == c -> leader[t] = GONE; stored[t] = 0 :: else fi \
    :: else \
    fi;
#define UNNAME(v) \
    if \
    :: voted[v] != NOBODY && voted[v] != GONE && !ALIVE(term[v], voted[v]) -> voted[v] = GONE \
    :: else \
    fi;

inline settle() {
    EACH2(BURY, 1) EACH2(BURY, 2)
    EACH(UNNAME)
}

inline adopt(i, t) {
    if :: term[i] < t -> term[i] = t; voted[i] = NOBODY; role[i] = FOLLOWER :: else fi
}

#define VOTE(t, c) \
    :: d_step { c != me && TAKESPART(me) && term[me] <= t && request[AT(t, c)] != 0 && \
        TAKES(step[me], ASKEDBY(request[AT(t, c)])) && ASKEDWITH(request[AT(t, c)]) >= entry[me] && \
        (term[me] < t || voted[me] == NOBODY || voted[me] == c) && role[me] != LEADER -> \
        adopt(me, t); voted[me] = c; votes[AT(t, c)] = votes[AT(t, c)] | BIT(me); settle() }

/* The leader's messages carry the set that elected it or the one that it holds since. */
#define APPEND(t) \
    :: d_step { leader[t] != NOBODY && leader[t] != me && TAKESPART(me) && term[me] <= t && \
        (TAKES(step[me], under[t]) || (LEADING(t) && TAKES(step[me], step[leader[t]]))) -> \
        adopt(me, t); role[me] = FOLLOWER; \
        if :: t == 1 && sent -> entry[me] = 1 :: else fi; \
        if :: LEADING(t) && entry[me] == 1 -> stored[t] = stored[t] | BIT(me) :: else fi; \
        settle(); check() }

/* One who holds both sets hears of one who holds the new one alone. */
#define FOLLOW(j) \
    :: d_step { JOINT(step[me]) && TAKESPART(me) && step[j] == step[me] + 1 -> \
        step[me] = step[j]; adopt(me, term[j]); settle() }

#define LOOK(m, j) \
    if \
    :: TAKESPART(j) && SET(step[j]) == SET(step[m]) -> \
        top = (term[j] > top -> term[j] : top); newest = (entry[j] > newest -> entry[j] : newest); \
        if :: entry[j] == 0 -> has0 = has0 | BIT(j) :: else -> has1 = has1 | BIT(j) fi \
    :: else \
    fi;

proctype Member(byte me) {
    do
    :: d_step { TAKESPART(me) && role[me] != LEADER && term[me] < TERMS && (me != 2 || stood) &&
        (MEMBERS(SET(step[me])) & BIT(me)) != 0 ->
        term[me]++; voted[me] = me; role[me] = CANDIDATE; stood = stood || me == 1;
        request[AT(term[me], me)] = REQUEST(step[me], entry[me]);
        votes[AT(term[me], me)] = BIT(me);
        settle() }
    EACH2(VOTE, 1) EACH2(VOTE, 2)
    :: d_step { role[me] == CANDIDATE && ELECTS(ASKEDBY(request[AT(term[me], me)]), votes[AT(term[me], me)]) ->
        assert(leader[term[me]] == NOBODY);
        role[me] = LEADER; leader[term[me]] = me; under[term[me]] = ASKEDBY(request[AT(term[me], me)]);
        if :: term[me] == 2 -> began = entry[me] :: else fi;
        check() }
    :: d_step { role[me] == LEADER && term[me] == 1 -> role[me] = FOLLOWER; settle() }
    APPEND(1) APPEND(2)
    :: d_step { role[me] == LEADER && term[me] == 1 && !sent -> sent = 1; entry[me] = 1; stored[1] = BIT(me) }
    :: d_step { role[me] == LEADER && term[me] == 1 && !committed && ELECTS(under[1], stored[1]) ->
        committed = 1;
        check() }
    /* learn_committed */
    :: d_step { committed && term[me] == 2 && entry[me] == 0 && TAKESPART(me) -> entry[me] = 1 }
    /* An operator restarts it with the next members (membership.py, moved_to): one step at a time. */
    :: d_step { me != 4 && step[me] == 0 -> step[me] = 1; role[me] = FOLLOWER; settle() }
    :: d_step { me != 3 && step[me] == 2 -> step[me] = 3; role[me] = FOLLOWER; settle() }
    /* The new one is told what a majority of the others has, and joins. */
    :: d_step { !joined && me != 4 && (told & BIT(me)) == 0 ->
        told = told | BIT(me);
        if :: term[4] < term[me] -> term[4] = term[me] :: else fi;
        if :: entry[4] < entry[me] -> entry[4] = entry[me] :: else fi }
    :: d_step { me == 4 && !joined && COUNT(told) >= 2 -> joined = 1; told = 0; voted[4] = GONE }
    /* From both sets to the new one alone, and up to the newest term of those who hold it (standing.py, moves). */
    :: d_step { JOINT(step[me]) && TAKESPART(me) ->
        has0 = 0; has1 = 0; top = 0; newest = 0;
        EACH2(LOOK, me)
        if
        :: HELD(me) && CONFIRMED(me) -> step[me]++; adopt(me, UPTO(me)); settle()
        :: else
        fi;
        has0 = 0; has1 = 0; top = 0; newest = 0 }
    EACH(FOLLOW)
    od
}

init {
    atomic { step[4] = 1; run Member(1); run Member(2); run Member(3); run Member(4) }
}
