/*
 * Election, lease, fence and recovery of N sentinels and one group, for exhaustive search by Spin.
 *
 * Each option of ``Member`` is one step of quorum/raft/register.py (or voter, campaign, lease, progress, journal,
 * standing), and has its name there or Raft's. Each option of ``Hand`` is one message between a leader and Redis
 * (promotion/promoting.py, repointing.py). Where a choice is not a matter of safety (who stands when, in which
 * order what arrives), every choice is searched.
 *
 * What is abstracted, and why nothing is missed by it:
 *
 * Messages. ``request``, ``votes`` and ``sent`` are sets that only grow: a message may arrive at any time after it
 *   was sent, in any order, again, or never. An answer is counted where it arises: the receiver may act on it at
 *   any later time, so this covers every delay of it too.
 * Time. A promise and a lease are intervals on clocks of bounded drift, and of these only one fact is used: what
 *   a voter promises outlasts what its answer grants, because the grant counts from when the round was *sent*
 *   (lease.py), the promise from when it arrived, and the lease is shorter by the drift that is tolerated
 *   (timing.py). So ``fresh`` holds who has answered a round that is not yet a lease's length old; a bit may be
 *   lost at any time (``STALE``), older rounds first (``AGES``); and a promise ends no earlier than all that was
 *   granted by it. Every timed run is a run of this model, and some more.
 * PreVote is left out: it changes nothing at either side, so it can only keep a candidate from standing. So are
 *   notices of a higher term: within two terms they only take steps away.
 * Whatever can have no effect any more is forgotten (``settle``): requests and votes of a candidacy that has
 *   ended, who it was that a voter voted for then, promises for which nothing was granted that still counts.
 *   Sentinels are alike, so the first to stand are the first by number (``stood``).
 * A restored directory is what it was at some earlier time, or more: any lower term, no vote, any older entry.
 *   That it is *seen* to have been restored is assumed here (recovery.py, and its conditions in docs/safety.md).
 *
 * What is asserted: one leader a term; one valid lease at a time; no leader without what an earlier term has
 * committed; no command of a leader takes effect at a node that carries the fence of a later term.
 *
 * -DREDIS adds the fence. Each -D of a rule's name below takes that rule out: tests/model/cases.py.
 */
#ifndef N
#define N 3
#endif
#ifndef SEQS
#define SEQS 2 /* entries that a leader may propose: its intent, then the topology */
#endif
#ifndef RESTARTS
#define RESTARTS 1
#endif
#ifndef RESTORES
#define RESTORES 1
#endif
#define TERMS 2
#define MAJORITY (N / 2 + 1)
#define R N /* whose directory is restored: any of them, since they are alike */

#define NOBODY 0
#define GONE (N + 1) /* somebody, of whom it is all the same who it was */
#define FOLLOWER 0
#define CANDIDATE 1
#define LEADER 2

#if N == 3
#define EACH(DO) DO(1) DO(2) DO(3)
#define EACH2(DO, x) DO(x, 1) DO(x, 2) DO(x, 3)
#define WITHIN(DO, x) DO(x, 1) DO(x, 2) DO(x, 3)
#define SUM(F, t, k) (F(t, 1, k) + F(t, 2, k) + F(t, 3, k))
#define ANY(a) (a[0] | a[1] | a[2] | a[3] | a[4] | a[5])
#define COUNT(x) (((x) & 1) + (((x) >> 1) & 1) + (((x) >> 2) & 1))
#else
#define EACH(DO) DO(1) DO(2) DO(3) DO(4) DO(5)
#define EACH2(DO, x) DO(x, 1) DO(x, 2) DO(x, 3) DO(x, 4) DO(x, 5)
#define WITHIN(DO, x) DO(x, 1) DO(x, 2) DO(x, 3) DO(x, 4) DO(x, 5)
#define SUM(F, t, k) (F(t, 1, k) + F(t, 2, k) + F(t, 3, k) + F(t, 4, k) + F(t, 5, k))
#define ANY(a) (a[0] | a[1] | a[2] | a[3] | a[4] | a[5] | a[6] | a[7] | a[8] | a[9])
#define COUNT(x) (((x) & 1) + (((x) >> 1) & 1) + (((x) >> 2) & 1) + (((x) >> 3) & 1) + (((x) >> 4) & 1))
#endif
#define BIT(i) (1 << ((i) - 1))
#define AT(t, c) (((t) - 1) * N + (c) - 1)
/* (term, seq) as one number of the same order; 0 is GENESIS */
#define ENTRY(t, seq) (((t) - 1) * SEQS + (seq))
#define SEQ(e, t) ((e) > ENTRY(t, 0) && (e) <= ENTRY(t, SEQS) -> (e) - ENTRY(t, 0) : 0)

/* HardState: what is on each disk */
byte term[N + 2], voted[N + 2], entry[N + 2];
/* what a restart forgets: the role, whom a voter sticks to, and whether it is mute after a start */
byte role[N + 2], sticks[N + 2];
bit mute[N + 2];
/* Standing: whether R only listens, and who has told it what they have */
bit listens;
byte told;
bit stood[N + 1];

/* By term and candidate: the entries that it has asked for votes with, who granted, who is not yet too old for the
   lease (Lease); by term and follower: the newest of the leader's entries that it has acknowledged (Progress). */
byte request[TERMS * N], votes[TERMS * N], fresh[TERMS * N], stored[TERMS * N];
/* By term: how many entries were sent, how many are committed, who led, the entry that the leader began with, the
   node that it chose, and the newest entry of which an acknowledgement is too old for the lease. */
byte sent[TERMS + 1], committed[TERMS + 1], leader[TERMS + 1], began[TERMS + 1], choice[TERMS + 1];
byte aged[TERMS + 1];
byte restarts = RESTARTS, restores = RESTORES;

#define LEADING(t) (leader[t] != NOBODY && role[leader[t]] == LEADER && term[leader[t]] == (t))
#define LEASE(t) (LEADING(t) && 1 + COUNT(fresh[AT(t, leader[t])]) >= MAJORITY)
#define LISTENS(i) ((i) == R && listens)
#define OWES(i) ((ANY(fresh) & BIT(i)) != 0)
#define ALIVE(t, c) (term[c] < (t) || (term[c] == (t) && role[c] != FOLLOWER))
#define HAS(t, v, k) (v != leader[t] && stored[AT(t, v)] >= (k) -> 1 : 0)
#define STOREDBY(t, k) (1 + SUM(HAS, t, k))

/* The rules, each of which can be taken out. */
#ifdef VOTES_TWICE /* voter.py: one vote a term */
#define ONEVOTE(me, c) true
#else
#define ONEVOTE(me, c) (voted[me] == NOBODY || voted[me] == c)
#endif
#ifdef OLDER_ENTRY /* voter.py: no vote for a candidate whose entry is older (Raft section 5.4.1) */
#define UPTODATE(me, t, c) (request[AT(t, c)] != 0)
#else
#define UPTODATE(me, t, c) ((request[AT(t, c)] >> entry[me]) != 0)
#endif
#ifdef DISLOYAL /* voter.py: no vote for another while a promise lasts */
#define LOYAL(me, c) false
#else
#define LOYAL(me, c) (sticks[me] != NOBODY && sticks[me] != c)
#endif
#ifdef STANDS_LOYAL /* register.py, wake: nobody stands while it sticks to a leader */
#define FREE(i) true
#else
#define FREE(i) (sticks[i] == NOBODY)
#endif
#ifdef LISTENER_ACKS /* recovery.py: who may have forgotten something acknowledges nothing */
#define DECLINES(i) false
#else
#define DECLINES(i) LISTENS(i)
#endif
#ifdef TOLD_BY_ONE /* recovery.py: a majority of the others tells it what they have */
#define TELLERS 1
#else
#define TELLERS ((N - 1) / 2 + 1)
#endif
/* Three that matter where a listener need not hear all the others, from N = 5 on. */
#ifdef TOLD_EARLY /* recovery.py: what it is told counts only if it was said once its promises were over */
#define TELLS true
#else
#define TELLS (!OWES(R))
#endif
#ifdef WON_LATE /* register.py, _count: who wins when its round is too old for a lease does not lead */
#define WINS true
#else
#define WINS (1 + COUNT(fresh[AT(term[me], me)]) >= MAJORITY)
#endif
#ifdef COMMITS_LATE /* register.py: nothing is committed without a valid lease */
#define COMMITS true
#else
#define COMMITS LEASE(term[me])
#endif

#ifdef REDIS
/* By term: how far the leader's commands are, and whether a key that it watches was touched. By replica: the term
   in the fence's key, and whom it replicates from (itself: a primary; 0: the old primary, which is down). */
byte hand[TERMS + 1];
bit dirty[TERMS + 1];
byte fence[3], source[3];
#define IDLE 0
#define WATCHING 1 /* WATCH and GET of the fence, before the promotion */
#define SENT 2 /* EXEC is on its way */
#define PROMOTED 3
#define WATCHING2 4 /* the same for the other replica, to re-point it */
#define SENT2 5
#define FINISHED 6
#define READY(t) (hand[t] >= PROMOTED)
#define PROPOSES(t) true
#else
#define READY(t) true
#define PROPOSES(t) ((t) == 1) /* what the last term commits nobody can undo */
#endif

inline check() {
    assert(!(LEASE(1) && LEASE(2)));
    assert(leader[2] == NOBODY || committed[1] == 0 || began[2] >= ENTRY(1, committed[1]))
}

#define SETTLE(v) if :: !OWES(v) -> sticks[v] = NOBODY; mute[v] = 0 :: else fi;
#define UNSTORE(t, v) stored[AT(t, v)] = 0;
#define BURY(t, c) \
    if \
    :: !ALIVE(t, c) -> \
        request[AT(t, c)] = 0; votes[AT(t, c)] = 0; fresh[AT(t, c)] = 0; \
        if :: leader[t] == c -> leader[t] = GONE; aged[t] = 0; WITHIN(UNSTORE, t) :: else fi \
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
    EACH(SETTLE)
}

/* A new process on the same disk. It is mute for as long as it may have promised (timing.py, mute_s). */
inline restart(i) {
    role[i] = FOLLOWER;
    sticks[i] = NOBODY;
#ifndef NOT_MUTE
    mute[i] = OWES(i);
#endif
#ifdef UNWRITTEN_VOTE /* journal.py: a candidate's own vote is on disk before it leads */
    if
    :: voted[i] == i -> term[i] = term[i] - 1; voted[i] = NOBODY
    :: else
    fi;
#endif
    settle()
}

/* The directory is what it was at any earlier time. */
inline restore() {
    d_step {
        role[R] = FOLLOWER; sticks[R] = NOBODY; mute[R] = OWES(R); voted[R] = NOBODY;
#ifndef RESTORED_VOTES /* recovery.py: it only listens at first */
        listens = 1; told = 0;
#endif
    }
    do
    :: term[R] > 0 -> term[R]--
    :: break
    od;
    if
    :: true
    :: entry[R] = 0
    :: d_step { term[R] >= 1 && sent[1] >= 1 && entry[R] > ENTRY(1, 1) -> entry[R] = ENTRY(1, 1) }
    :: d_step { term[R] >= 1 && sent[1] >= SEQS && entry[R] > ENTRY(1, SEQS) -> entry[R] = ENTRY(1, SEQS) }
    :: d_step { term[R] >= 2 && sent[2] >= 1 && entry[R] > ENTRY(2, 1) -> entry[R] = ENTRY(2, 1) }
    fi;
    d_step {
        if :: term[R] == 0 || entry[R] > ENTRY(term[R], SEQS) -> entry[R] = 0 :: else fi;
        settle()
    }
}

#ifdef FEW /* for N = 5: only these stand, the first two in term 1, the third in term 2 */
#define ORDERED(i) ((term[i] == 0 && (i == 1 || i == R)) || (term[i] == 1 && i == 2))
#else
#define ORDERED(i) (i == 1 || i == R || stood[i - 1])
#endif
#define MAYSTAND(i) (role[i] != LEADER && term[i] < TERMS && !mute[i] && !LISTENS(i) && FREE(i) && ORDERED(i))

/* _on_vote_request: the vote is on disk, and this sentinel sticks to the candidate, before it answers. A leader
   steps down first, if it may. Late votes do not count for the lease of who leads already. */
#define VOTE(t, c) \
    :: d_step { c != me && term[me] <= t && UPTODATE(me, t, c) && \
        (term[me] < t || ONEVOTE(me, c)) && !mute[me] && !LISTENS(me) && \
        !LOYAL(me, c) && role[me] != LEADER -> \
        if :: term[me] < t -> role[me] = FOLLOWER :: else fi; \
        term[me] = t; voted[me] = c; sticks[me] = c; \
        votes[AT(t, c)] = votes[AT(t, c)] | BIT(me); \
        if :: role[c] != LEADER || term[c] < t -> fresh[AT(t, c)] = fresh[AT(t, c)] | BIT(me) :: else fi; \
        settle(); check() }

/* _on_append of the leader's k-th entry, or of none: stored, on disk, acknowledged; it sticks to the leader. While
   the leader leads, the round may be a fresh one. */
#define APPEND(t, k) \
    :: d_step { leader[t] != NOBODY && leader[t] != me && term[me] <= t && k <= sent[t] && !DECLINES(me) -> \
        role[me] = FOLLOWER; \
        if :: term[me] < t -> term[me] = t; voted[me] = NOBODY :: else fi; \
        if :: k > 0 && ENTRY(t, k) > entry[me] -> entry[me] = ENTRY(t, k) :: else fi; \
        if \
        :: LEADING(t) -> \
            sticks[me] = leader[t]; \
            stored[AT(t, me)] = (SEQ(entry[me], t) > stored[AT(t, me)] -> SEQ(entry[me], t) : stored[AT(t, me)]); \
            if :: k >= aged[t] -> fresh[AT(t, leader[t])] = fresh[AT(t, leader[t])] | BIT(me) :: else fi \
        :: else -> \
            if :: OWES(me) -> sticks[me] = leader[t] :: else fi \
        fi; \
        settle(); check() }

/* learn_committed, by gossip, of a term before one's own; what is of one's own or a later one comes by APPEND */
#define LEARN(k) \
    :: d_step { term[me] == 2 && k <= committed[1] && ENTRY(1, k) > entry[me] -> entry[me] = ENTRY(1, k) }

/* Time passes: the round that this sentinel has answered is a lease's length old, and so is each before it. */
#define AGES(p, v) \
    if \
    :: stored[(p) / N * N + (v) - 1] < stored[(p) / N * N + me - 1] -> fresh[p] = fresh[p] & ~BIT(v) \
    :: else \
    fi;
#define STALE(p) \
    :: d_step { (fresh[p] & BIT(me)) != 0 -> \
        fresh[p] = fresh[p] & ~BIT(me); \
        if \
        :: leader[(p) / N + 1] == (p) % N + 1 -> \
            EACH2(AGES, p) \
            if \
            :: aged[(p) / N + 1] < stored[(p) / N * N + me - 1] -> aged[(p) / N + 1] = stored[(p) / N * N + me - 1] \
            :: else \
            fi \
        :: else \
        fi; \
        EACH(SETTLE) }

#ifdef FROM_ARRIVAL /* lease.py: an acknowledgement counts from when what it answers was sent */
#define ARRIVE(t) \
    :: d_step { LEADING(t) && leader[t] != me && (votes[AT(t, leader[t])] & BIT(me)) != 0 -> \
        fresh[AT(t, leader[t])] = fresh[AT(t, leader[t])] | BIT(me); \
        check() }
#else
#define ARRIVE(t)
#endif

proctype Member(byte me) {
    byte t;
    do
    /* _become_candidate. What was granted to a candidacy of the same term that it has forgotten does not count:
       answers to a process that is gone do not reach its successor. */
    :: d_step { MAYSTAND(me) ->
        t = term[me] + 1; term[me] = t; voted[me] = me; role[me] = CANDIDATE; stood[me] = (me != R);
        request[AT(t, me)] = request[AT(t, me)] | (1 << entry[me]);
#ifdef LATE_ANSWERS
        fresh[AT(t, me)] = votes[AT(t, me)] & ~BIT(me);
        votes[AT(t, me)] = votes[AT(t, me)] | BIT(me);
#else
        fresh[AT(t, me)] = 0; votes[AT(t, me)] = BIT(me);
#endif
        settle(); t = 0 }
    /* the same, and it crashes before its own vote is on disk (journal.py, stand): the request is out */
    :: d_step { MAYSTAND(me) && restarts > 0 ->
        t = term[me] + 1; stood[me] = (me != R);
        request[AT(t, me)] = request[AT(t, me)] | (1 << entry[me]);
        restarts--; restart(me); t = 0 }
    EACH2(VOTE, 1) EACH2(VOTE, 2)
    /* _count, _become_leader */
    :: d_step { role[me] == CANDIDATE && COUNT(votes[AT(term[me], me)]) >= MAJORITY && WINS ->
        t = term[me];
        assert(leader[t] == NOBODY);
        role[me] = LEADER; leader[t] = me;
        if :: t == 2 -> began[2] = entry[me] :: else fi;
        check(); t = 0 }
    /* resign, lost touch, the work is gone, a higher term is heard of, a fence of one is found */
    :: d_step { role[me] == LEADER -> role[me] = FOLLOWER; settle() }
    APPEND(1, 0) APPEND(1, 1) APPEND(2, 0) APPEND(2, 1)
    LEARN(1)
#if SEQS == 2
    APPEND(1, 2) APPEND(2, 2)
    LEARN(2)
#endif
    STALE(0) STALE(1) STALE(2) STALE(3) STALE(4) STALE(5)
#if N == 5
    STALE(6) STALE(7) STALE(8) STALE(9)
#endif
    ARRIVE(1) ARRIVE(2)
    /* propose: the intent (with a node), then, once that node is promoted, the topology. Or it crashes before its
       own entry is on disk (journal.py, propose): the entry is out, and its leader never leads in that term again. */
    :: atomic { role[me] == LEADER && LEASE(term[me]) && sent[term[me]] < SEQS && PROPOSES(term[me]) &&
        (sent[term[me]] == 0 || (committed[term[me]] == 1 && READY(term[me]))) ->
        if
        :: d_step { sent[term[me]] == 0 -> choice[term[me]] = 1 }
#ifdef REDIS
        :: d_step { sent[term[me]] == 0 && term[me] == 2 && choice[1] != 0 -> choice[term[me]] = 2 }
#endif
        :: sent[term[me]] > 0
        fi;
        if
        :: d_step { sent[term[me]]++; entry[me] = ENTRY(term[me], sent[term[me]]) }
        :: d_step { restarts > 0 -> sent[term[me]]++; restarts--; restart(me) }
        fi }
    /* _advance_commit */
    :: d_step { role[me] == LEADER && SEQ(entry[me], term[me]) > committed[term[me]] && COMMITS &&
        STOREDBY(term[me], SEQ(entry[me], term[me])) >= MAJORITY ->
        committed[term[me]] = SEQ(entry[me], term[me]);
        check() }
    :: d_step { restarts > 0 -> restarts--; restart(me) }
    :: atomic { me == R && restores > 0 -> restores--; restore() }
    /* recovery.py: a listener is told a term and an entry, and joins with the newest of them. It may have voted in
       that term before it forgot, so it does not vote in it again (FORGOTTEN). */
    :: d_step { LISTENS(R) && me != R && (told & BIT(me)) == 0 && TELLS ->
        told = told | BIT(me);
        if :: term[R] < term[me] -> term[R] = term[me]; voted[R] = NOBODY :: else fi;
        if :: entry[R] < entry[me] -> entry[R] = entry[me] :: else fi;
        settle() }
    :: d_step { LISTENS(me) && COUNT(told) >= TELLERS -> listens = 0; told = 0;
#ifndef FORGETS_VOTE
        if :: voted[me] == NOBODY -> voted[me] = GONE :: else fi
#endif
        }
    od
}

#ifdef REDIS
#define MINE(t) choice[t]
#define OTHER(t) (3 - choice[t])
#define WATCHED(t, n) (((hand[t] == WATCHING || hand[t] == SENT) && MINE(t) == n) || \
    ((hand[t] == WATCHING2 || hand[t] == SENT2) && OTHER(t) == n))

inline touch(n) {
    if :: WATCHED(1, n) -> dirty[1] = 1 :: else fi;
    if :: WATCHED(2, n) -> dirty[2] = 1 :: else fi
}

#define ALLOWED(n, t) (fence[n] <= t) /* promoting.py: no step at a node that carries a later term */
#ifdef FENCE_UNWATCHED /* nor if that changes between the look and EXEC */
#define CLEAN(t) true
#else
#define CLEAN(t) (!dirty[t])
#endif

/* The commands of the leader of term t. The lease is checked before each is sent (executor.py); what was sent
   arrives at any later time. The last option: replica t
   gets what its primary has, the fence with it. */
proctype Hand(byte t) {
    do
    :: d_step { hand[t] == IDLE && committed[t] >= 1 && LEASE(t) && ALLOWED(MINE(t), t) ->
        hand[t] = WATCHING; dirty[t] = 0 }
    :: d_step { hand[t] == WATCHING && LEASE(t) -> hand[t] = SENT }
    :: d_step { hand[t] == SENT ->
        if
        :: CLEAN(t) ->
            assert(fence[MINE(t)] <= t);
            source[MINE(t)] = MINE(t); fence[MINE(t)] = t; hand[t] = PROMOTED; dirty[t] = 0;
            touch(MINE(t))
        :: else -> hand[t] = IDLE; dirty[t] = 0
        fi }
    :: d_step { hand[t] == PROMOTED && committed[t] == 2 && LEASE(t) && ALLOWED(OTHER(t), t) ->
        hand[t] = WATCHING2; dirty[t] = 0 }
    :: d_step { hand[t] == WATCHING2 && LEASE(t) -> hand[t] = SENT2 }
    :: d_step { hand[t] == SENT2 ->
        if
        :: CLEAN(t) ->
            assert(fence[OTHER(t)] <= t);
            source[OTHER(t)] = MINE(t); hand[t] = FINISHED; dirty[t] = 0
        :: else -> hand[t] = PROMOTED; dirty[t] = 0
        fi }
    :: d_step { source[t] != t && source[t] != 0 && fence[t] != fence[3 - t] ->
        fence[t] = fence[3 - t];
        touch(t) }
    od
}
#endif

init {
    atomic {
        run Member(1); run Member(2); run Member(3);
#if N == 5
        run Member(4); run Member(5);
#endif
#ifdef REDIS
        run Hand(1); run Hand(2)
#endif
    }
}
