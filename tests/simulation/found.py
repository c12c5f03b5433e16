"""Faults that once broke a rule, reduced to what is needed, each with what was wrong. Kept as tests.

``python -m tests.simulation --seed N --shrink`` prints the faults to put here.
"""

from __future__ import annotations

from promotion.sealing import WriteRules
from promotion.step_types import WriteSafety
from tests.simulation.faults import Cast, Fault
from tests.simulation.finding import CLIENTS, HOSTS, NODES, Found
from tests.simulation.foreign import DETACHED, SPARE, TAKEN
from tests.simulation.found_lasting import LASTING
from tests.simulation.node import Settings
from tests.simulation.world import Setup

RETURNS_WHOLE = "primary returns whole as a replica"

FOUND = (
    Found(
        "returned-empty",
        "A primary whose command line made it a replica was given its role back without its data.",
        Setup(
            34,
            "returns",
            Cast(HOSTS, NODES[:2], CLIENTS),
            WriteRules(),
            Settings(),
            (
                Fault(
                    1.8446179098648132, "primary returns empty as a replica", ("h1:6379",), 2.5669038265028035
                ),
                Fault(
                    12.036913585635002,
                    "primary returns empty as a replica",
                    ("h2:6379",),
                    0.01305143912809199,
                ),
            ),
            crowd=120,
        ),
    ),
    Found(
        "returned-old",
        "The same with an old snapshot, whose offset was not compared with its replica's.",
        Setup(
            44,
            "returns",
            Cast(("h1", "h2", "h3", "h4", "h5"), NODES[:2], CLIENTS),
            WriteRules(),
            Settings(saves=False, pausing=False),
            (
                Fault(
                    2.0249847865119435,
                    "primary returns rewritten as a replica",
                    ("h2:6379",),
                    0.23883745676585552,
                ),
                Fault(
                    12.467189353697762, "primary returns old as a replica", ("h1:6379",), 0.01919684977460351
                ),
                Fault(
                    23.720538796772708,
                    "primary returns rewritten as a replica",
                    ("h1:6379",),
                    2.8363056972484535,
                ),
            ),
            crowd=120,
        ),
    ),
    Found(
        "returned-and-forgotten",
        "And where every sentinel was restarted as well, so that the nodes alone can tell.",
        Setup(
            258,
            "returns",
            Cast(HOSTS, NODES, CLIENTS),
            WriteRules(),
            Settings(backlog_bytes=1000),
            (
                Fault(2.184761648666404, "crash sentinel", ("h3",), 0.2),
                Fault(
                    2.2400324133883576,
                    "primary returns empty as a replica",
                    ("h3:6379",),
                    0.04948470995490471,
                ),
                Fault(2.3626294387884226, "crash sentinel", ("h1",), 0.2),
                Fault(3.467727111002012, "crash sentinel", ("h2",), 0.2),
            ),
            crowd=120,
        ),
    ),
    Found(
        "reinstate",
        "A node that its own sentinel held paused could not be made the primary: EXEC waited for that.",
        Setup(
            45,
            "any",
            Cast(HOSTS, NODES, CLIENTS),
            WriteRules(safety=WriteSafety(1, 2), fence_wait=True, self_fence=True),
            Settings(saves=False),
            (
                Fault(0.11850100608649018, "wipe primary", ("h3:6379",), 1.3137433914177596),
                Fault(0.5930599629024087, "operator switchover", ("h3:6379",), 0.0),
                Fault(0.60940830965049, "crash primary", ("h2:6379",), 2.8844812740533743),
                Fault(1.2552510684951799, "crash primary", ("h1:6379",), 3.320598831505587),
                Fault(1.2659820016094787, "crash primary", ("h2:6379",), 6.281887507623977),
                Fault(1.8666083050354056, "pause sentinel", ("h3",), 2.7107207480081215),
                Fault(2.877768634414452, "pause sentinel", ("h3",), 3.2789457698788484),
                Fault(3.3931296348046875, "double messages", (), 0.2720309370960945),
                Fault(3.732436537500579, "crash primary", ("h1:6379",), 2.8431809338914906),
                Fault(4.224649584909432, "cut off one way", ("c1", "c2"), 2.4915175366204267),
                Fault(4.492291582315535, "wipe primary", ("h2:6379",), 0.4731284754265631),
                Fault(4.796204337142191, "cut off one way", ("h1", "c2", "h3", "h2"), 2.682309689719929),
                Fault(4.888255546820365, "cut off one way", ("h1", "c1", "c2"), 0.2229997908160278),
                Fault(6.119976477542018, "pause sentinel", ("h2",), 2.5532921616565893),
                Fault(6.423393773933423, "operator switchover", ("h2:6379",), 0.0),
                Fault(6.562142001390003, "pause sentinel", ("h3",), 3.822555446031728),
                Fault(6.6896357866856295, "cut off one way", ("h1", "h3"), 6.785598854280012),
                Fault(6.739592681179137, "double messages", (), 0.10147461293882765),
                Fault(6.77215197421165, "cut off one way", ("h2",), 7.828573146904124),
                Fault(7.564016495551925, "operator switchover", ("h1:6379",), 0.0),
                Fault(8.10428892371992, "pause sentinel", ("h2",), 3.4531486557893185),
                Fault(9.25748675168332, "pause sentinel", ("h2",), 1.652253493017798),
                Fault(9.514765553964894, "cut sentinels apart", ("h3",), 3.2480265641294173),
                Fault(9.530028983074898, "crash primary", ("h3:6379",), 5.146092464346683),
                Fault(14.652431526095064, "cut off one way", ("h3", "h1", "c2"), 1.3527348237628734),
                Fault(14.851050377768564, "cut off one way", ("h3", "h2", "c2", "h1"), 4.8131424203146125),
                Fault(15.599099350478227, "cut sentinels apart", ("h3",), 3.3130128910387064),
                Fault(15.671798076225365, "wipe primary", ("h1:6379",), 2.9552417747147746),
                Fault(16.313921095586203, "operator switchover", ("h3:6379",), 0.0),
                Fault(16.82947294085393, "wipe primary", ("h3:6379",), 1.684500545260914),
                Fault(18.592894723469467, "double messages", (), 0.23475812332130197),
                Fault(18.800587002475403, "double messages", (), 0.3145955274326584),
            ),
        ),
    ),
    Found(
        "mute",
        "A primary that answers as a replica was not looked at by the leader elected to put it right.",
        Setup(
            45,
            "any",
            Cast(HOSTS, NODES, CLIENTS),
            WriteRules(safety=WriteSafety(1, 2), fence_wait=True, self_fence=True),
            Settings(saves=False),
            (
                Fault(6.77215197421165, "cut off one way", ("h2",), 7.828573146904124),
                Fault(9.530028983074898, "crash primary", ("h3:6379",), 5.146092464346683),
                Fault(14.101425299897086, "wipe primary", ("h2:6379",), 2.9855977836659147),
            ),
        ),
    ),
    Found(
        "predecessor",
        "A primary was wiped before anybody followed it, and nobody was told whom an operator may name.",
        Setup(
            576131519,
            "any",
            Cast(HOSTS, NODES, CLIENTS),
            WriteRules(),
            Settings(pausing=False),
            (
                Fault(2.137439402286853, "hang primary", ("h1:6379",), 6.142230287496946),
                Fault(12.421146227012873, "deny everywhere", ("h1:6379",), 7.9098739082572935),
                Fault(14.741950393789711, "hang primary", ("h3:6379",), 3.958946747423903),
                Fault(17.7757390924934, "wipe node", ("h2:6379",), 0.6283095265867283),
            ),
        ),
    ),
    Found(
        "predecessor-durable",
        "The same where WAIT counts: the reason named who was missing, and not what there was to decide.",
        Setup(
            70303,
            "any",
            Cast(("h1", "h2", "h3", "h4", "h5"), NODES, CLIENTS),
            WriteRules(safety=WriteSafety(1, 2), fence_wait=True, acknowledged_by=2, self_fence=True),
            Settings(saves=False),
            (
                Fault(3.505684617244008, "hang node", ("h1:6379",), 5.844665452478606),
                Fault(4.248308399372275, "hang node", ("h3:6379",), 6.640807471974179),
                Fault(9.344379131300597, "wipe primary", ("h3:6379",), 0.012145891634286225),
                Fault(10.733083439480572, "wipe primary", ("h1:6379",), 2.158944805431493),
            ),
        ),
    ),
    Found(
        "promoted-already",
        "Whom a dead leader had promoted was passed over: nobody remembered that the primary was wiped.",
        Setup(
            131529,
            "any",
            Cast(HOSTS, NODES, CLIENTS),
            WriteRules(safety=WriteSafety(1, 2), fence_wait=True, acknowledged_by=1),
            Settings(saves=False),
            (
                Fault(13.35382383020856, "crash leader in mid-effects", (), 24.0),
                Fault(13.419043963618636, "crash leader in mid-effects", (), 13.0),
                Fault(14.298669556617352, "flush all", (), 0.0),
                Fault(14.320566442807126, "flush all", (), 0.0),
                Fault(14.527652612281395, "lose messages", (), 0.10001430753191719),
                Fault(15.222867164176751, "lose messages", (), 0.038833642776839865),
                Fault(16.164723085332323, "wipe primary", ("h3:6379",), 0.0155782602460201),
                Fault(16.5335522972959, "crash leader in mid-effects", (), 14.0),
            ),
        ),
    ),
    Found(
        "overruled",
        "Durability refused an eligible replica for good, though an operator had named it.",
        Setup(
            150598,
            "any",
            Cast(("h1", "h2", "h3", "h4", "h5"), NODES, CLIENTS),
            WriteRules(acknowledged_by=1, self_fence=True),
            Settings(pausing=False),
            (
                Fault(3.2808258705613023, "delay messages", (), 0.24282403130158825),
                Fault(4.082465906958321, "late EXEC", (), 2.270433368678513),
                Fault(4.9748773848511805, "delay messages", (), 0.17913624058311642),
                Fault(8.595138965137199, "wipe primary", ("h1:6379",), 2.9981464384007763),
                Fault(8.798829752059055, "late EXEC", (), 2.082117084387761),
                Fault(8.835975436309356, "hang primary", ("h3:6379",), 3.9182131394528206),
                Fault(9.694106946450063, "hang primary", ("h3:6379",), 2.8111838676430843),
                Fault(13.151227839253092, "pause leader in mid-effects", (), 17.0),
                Fault(13.613532770534448, "double messages", (), 0.17844305011614806),
            ),
        ),
    ),
    Found(
        "all-came-back",
        "Under durability all nodes came back as replicas in turn: none counted, so none was ever promoted.",
        Setup(
            10802101,
            "any",
            Cast(HOSTS, NODES, CLIENTS),
            WriteRules(safety=WriteSafety(1, 2), acknowledged_by=1, self_fence=True),
            Settings(),
            (
                Fault(
                    19.65858090226336,
                    "primary returns whole as a replica",
                    ("h2:6379",),
                    1.9974424191481315,
                ),
                Fault(
                    21.939066966063127,
                    "primary returns whole as a replica",
                    ("h3:6379",),
                    1.9396131481149617,
                ),
                Fault(
                    25.663052813396426,
                    "primary returns whole as a replica",
                    ("h3:6379",),
                    2.703784478664519,
                ),
            ),
        ),
    ),
    Found(
        "forwarder-behind-a-change",
        "A forwarder that was away just behind a switchover made two primaries: nobody was linked yet.",
        Setup(
            585194684,
            "gentle",
            Cast(HOSTS, NODES, CLIENTS),
            WriteRules(),
            Settings(),
            (
                Fault(2.646733838267033, "delay messages", (), 0.1368535253925241),
                Fault(2.9519463526367575, "delay messages", (), 0.38979191428423776),
                Fault(3.5192872862500697, "operator switchover", ("h3:6379",), 0.0),
                Fault(5.74179064350625, "delay messages", (), 0.05680023787506602),
                Fault(8.422369459637213, "operator switchover", ("h1:6379",), 0.0),
                Fault(9.697664914213169, "forwarder away", ("h1:6379",), 0.4777083645465711),
                Fault(11.131595890897533, "operator switchover", ("h2:6379",), 0.0),
                Fault(11.236310014131789, "double messages", (), 0.023484229423321117),
                Fault(11.431504524719221, "forwarder away", ("h2:6379",), 0.4139516825038783),
                Fault(13.008110161821044, "double messages", (), 0.3337299297945851),
            ),
        ),
    ),
    Found(
        "taken",
        "Another cluster's server that got a discovered replica's address was demoted, and lost its data.",
        Setup(
            1,
            "any",
            Cast(HOSTS, NODES, CLIENTS),
            WriteRules(),
            Settings(),
            (),
            spare=Fault(5.0, TAKEN, (SPARE,), 1.0),
        ),
    ),
    Found(
        "detached",
        "A discovered replica that somebody had detached on purpose was taken back.",
        Setup(
            2,
            "any",
            Cast(HOSTS, NODES, CLIENTS),
            WriteRules(),
            Settings(),
            (Fault(9.0, "crash primary", ("h1:6379",), 6.0),),
            spare=Fault(5.0, DETACHED, (SPARE,), 1.0),
        ),
    ),
    Found(
        "slow-info",
        "The simulator's sentinels gave up a connection with a late INFO later than the daemon does.",
        Setup(
            9_200_663,
            "harmless",
            Cast(HOSTS, NODES, CLIENTS),
            WriteRules(),
            Settings(),
            (Fault(2.0, "slow INFO", ("h1:6379",), 0.998),),
        ),
    ),
    Found(
        "histories-differ",
        "The judgement called a replica good that nobody could know to be so: those who followed the former "
        "primary held different histories.",
        Setup(
            9_300_018,
            "any",
            Cast(HOSTS, NODES, CLIENTS),
            WriteRules(safety=WriteSafety(1, 2), acknowledged_by=2, self_fence=True),
            Settings(saves=False, backlog_bytes=1000),
            (
                Fault(0.20362464307305134, "suspend sentinel", ("h3",), 0.4275272550185767),
                Fault(1.6507077384491424, RETURNS_WHOLE, ("h3:6379",), 2.311729243718524),
                Fault(5.121615419893851, "suspend sentinel", ("h1",), 3.614107637013437),
                Fault(5.7232212465130745, "operator cancels"),
                Fault(6.611799510250042, "operator schedules", ("h1:6379",), 2.986920616975403),
                Fault(7.658994889297961, "set wall clock", ("h2",), 237.00230257463917),
                Fault(21.16824318095481, "operator resumes"),
                Fault(21.944857639012152, RETURNS_WHOLE, ("h2:6379",), 0.06489814880170851),
                Fault(22.040554380565567, "set wall clock", ("h2",), 835.9485523570421),
                Fault(23.231657985891967, RETURNS_WHOLE, ("h2:6379",), 0.30561026519758283),
                Fault(23.573892959077266, "operator cancels"),
                Fault(24.758798814016934, "suspend sentinel", ("h2",), 4.5160217235255065),
                Fault(25.724832217309366, "suspend sentinel", ("h1",), 0.20223281397863638),
                Fault(25.783434289919974, RETURNS_WHOLE, ("h3:6379",), 0.07114901945857881),
                Fault(26.111583943242323, "suspend sentinel", ("h3",), 1.7860977840824692),
                Fault(26.799883542005766, "operator cancels"),
            ),
            crowd=20,
        ),
    ),
    *LASTING,
)
