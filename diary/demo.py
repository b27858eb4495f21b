"""The invented clinics: people who do not exist, with differing truths, the same for the same arguments."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from random import Random
from uuid import UUID

from diary.lib import clock
from diary.lib.extras import FACTORS

PASSPHRASE = "seven quiet waves"
ZONE = "Europe/London"
# Numbers that are kept free for fiction, one for each clinic; both are open on weekdays.
PHONES = ("020 7946 0100", "020 7946 0180")
OPENING = "mon 08:00-18:00, tue 08:00-18:00, wed 08:00-18:00, thu 08:00-18:00, fri 08:00-16:00"
FACTOR_KEYS = [key for key in FACTORS if key != "factor_cycle"]
KEYS = ("pain", "fatigue", "sleep", "mood", "cognition")
GAP_LEFT = 8  # about how many days of a planned longer gap are still to come at the diary's end
INDUCTION = (0, 2, 4, 7, 9, 11)
SHARE = {"pain": 1.0, "fatigue": 0.7, "sleep": 0.55, "mood": 0.85, "cognition": 0.5}
NOTES = (
    "Walked to the harbour and back, slowly, and it was fine.",
    "Bad night, neighbours loud. Stayed in bed until noon.",
    "Could read for an hour. First time in weeks.",
    "Rain since morning, everything stiff.",
    "My sister came. We laughed a lot, tired afterwards.",
    "Did too much yesterday and am paying for it.",
    "Garden for twenty minutes, then the sofa.",
    "Head like cotton wool all day.",
    "Slept through, for once.",
    "Quiet day. Tea, radio, cat.",
    "Carried the shopping up one floor. Paid for it in the evening.",
    "Woke at four and could not get back to sleep.",
    "The new chair helps. Two hours at the desk.",
    "Forgot the kettle twice. Foggy.",
    "Swam ten lengths in the warm pool, the first time since spring.",
    "Sore hands, so this is short.",
    "Ida called. We talked for an hour and I did not notice my back.",
    "Everything hurts today, even the blanket.",
    "Cooked a whole meal, sat down in between.",
    "Long drive to the appointment. Stiff all evening.",
    "Less of it today. I keep waiting for it to come back.",
    "Cancelled dinner with friends. Sorry about that.",
    "A good morning, a bad afternoon.",
    "Sun on the balcony for half an hour.",
    "Could not follow the film, so I stopped it.",
    "Stairs without holding on. Small thing, big day.",
    "Hot water bottle, early bed.",
    "It is coming back, I can feel it in my shoulders.",
    "Planted the bulbs with Jon. He did the digging.",
    "Three loads of washing. Too much.",
    "Read to the little one before bed, all of it.",
    "Cold wind, hands like wood.",
    "Nothing special, which is good.",
    "Worried about Monday, slept badly.",
    "Walked once round the pond.",
    "Tired in the bones, but the head is clear.",
    "Choir again after two months. Sang sitting down.",
    "Better than yesterday, not much.",
)


@dataclass(frozen=True)
class Truth:
    """How somebody responds: relief as a share, how many days it holds, and how the diary is kept.

    `silent`: days without an entry at the diary's end; `gap`: days of a planned longer gap that lasts at its end.
    """

    name: str
    depth: float
    holds: float
    schedule: str
    fades: float = 0.0
    logged: float = 0.93
    unwell: float = 0.015
    days: int | None = None
    silent: int = 0
    starts_in_treatment: bool = False
    gap: int = 0


@dataclass(frozen=True)
class DemoDay:
    """One day as its person would have typed it, and when."""

    on: date
    at: datetime
    fields: dict[str, str]


@dataclass(frozen=True)
class DemoInfusion:
    """One infusion as the clinic would have recorded it."""

    fields: dict[str, str]

    @property
    def on(self) -> date:
        return date.fromisoformat(self.fields["date"])


@dataclass(frozen=True)
class DemoMedicine:
    """One dose from a day on, as the clinic would have recorded it, or as the patient said it herself."""

    fields: dict[str, str]
    is_own: bool = False

    @property
    def on(self) -> date:
        return date.fromisoformat(self.fields["from"])


@dataclass(frozen=True)
class DemoFlag:
    """An answer that opened a flag so many days before the diary's end, and what staff did about it, in order.

    `acts`: the act's name, hours after the answer, and the words.
    """

    rule: str
    days_back: int
    at: time
    answer: str
    acts: tuple[tuple[str, int, str], ...] = ()

    def answered_at(self, until: date) -> datetime:
        return datetime.combine(until - timedelta(days=self.days_back), self.at, clock.zone_of(ZONE))


FLAGS = {
    "maren": DemoFlag("fall", 0, time(20, 35), "A fall since the last check-in: yes"),
    "owen": DemoFlag(
        "urinary", 9, time(10, 5), "Passing urine more often: yes, at two askings running",
        (
            ("acknowledge", 1, "Calling him before the afternoon clinic."),
            ("close", 26, "Urine sample taken, nothing found. Asked to drink more; we ask again at the next infusion."),
        ),
    ),
    "charlie": DemoFlag(
        "detached_next_day", 1, time(9, 20), "Detached or confused: moderate",
        (("acknowledge", 1, "Called: it is easing. He does not drive today. I call again tomorrow morning."),),
    ),
}  # fmt: skip


@dataclass(frozen=True)
class DemoCheckin:
    """What was said around an infusion: of which day that was, on which day it was said, and the fields as typed."""

    infused_on: date
    on: date
    kind: str
    fields: dict[str, str]
    id: UUID


@dataclass(frozen=True)
class DemoSession:
    """A session as the coach would have typed it; what became of its commitments is said in the next one."""

    fields: dict[str, str]
    is_shared: bool
    became: tuple[str, ...] = ()
    goal: str = ""

    @property
    def on(self) -> date:
        return date.fromisoformat(self.fields["date"])


@dataclass(frozen=True)
class DemoPatient:
    """An invented patient with diary, infusions, medicines, check-ins and sessions."""

    key: str
    name: str
    born: str
    truth: Truth
    days: tuple[DemoDay, ...] = field(default=(), repr=False)
    infusions: tuple[DemoInfusion, ...] = field(default=(), repr=False)
    medicines: tuple[DemoMedicine, ...] = field(default=(), repr=False)
    checkins: tuple[DemoCheckin, ...] = field(default=(), repr=False)
    sessions: tuple[DemoSession, ...] = field(default=(), repr=False)


TRUTHS = (
    Truth("good response", 0.50, 19, "six then monthly"),
    Truth("fading response", 0.48, 15, "six then monthly", fades=0.13),
    Truth("twice weekly for a year", 0.42, 4, "twice weekly", days=400, gap=14),
    Truth("no response", 0.04, 3, "six then monthly"),
    Truth("sparse diary", 0.45, 14, "six then monthly", logged=0.38, silent=6),
    Truth("a course of six", 0.52, 16, "six"),
    Truth("unwell days", 0.38, 9, "six then monthly", unwell=0.13),
    Truth("began in mid-treatment", 0.40, 12, "monthly before", starts_in_treatment=True),
    Truth("good response", 0.44, 24, "six then monthly"),
    Truth("short relief", 0.46, 6, "six then monthly"),
    Truth("before the first infusion", 0.4, 12, "none yet", days=20),
    Truth("no response", 0.0, 1, "six"),
)
PEOPLE = (
    ("alice", "Alice Marlow", "1972-05-04"),
    ("maren", "Maren Aldous", "1958-03-14"),
    ("owen", "Owen Birdsall", "1981-09-02"),
    ("ines", "Ines Calloway", "1990-01-23"),
    ("halima", "Halima Yusuf", "1967-07-30"),
    ("charlie", "Charlie Boone", "1990-11-30"),
    ("gareth", "Gareth Pym", "1949-12-11"),
    ("priya", "Priya Nadkarni", "1985-04-17"),
    ("tomas", "Tomas Verhoeven", "1963-10-05"),
    ("lena", "Lena Marchetti", "1977-06-21"),
    ("joan", "Joan Mistry", "1994-02-08"),
    ("karel", "Karel Novotny", "1955-08-27"),
)
OTHER_CLINIC = {"charlie", "lena", "karel"}


def patients(number: int, days: int, seed: int, until: date) -> list[DemoPatient]:
    """The first `number` invented patients with diaries of `days` days (some truths bring their own) up to a day."""
    return [one_patient(place, days, seed, until) for place in range(number)]


def one_patient(place: int, days: int, seed: int, until: date) -> DemoPatient:
    """The patient of that place in the list; beyond the list names get a number."""
    key, name, born = PEOPLE[place % len(PEOPLE)]
    lap = place // len(PEOPLE)
    if lap:
        key, name = f"{key}{lap + 1}", f"{name} {lap + 1}"
    truth = TRUTHS[place % len(TRUTHS)]
    random = Random(f"{seed}/{place}")
    # A truth with its own length keeps it while the demo has its usual one.
    length = truth.days if truth.days and days == 180 else days
    since = until - timedelta(days=length - 1)
    infused = infusion_days(truth, since, until, Random(f"{seed}/{place}/course"))
    diary = tuple(diary_of(truth, since, until, infused, random))
    medicines = tuple(medicines_of(place, until, Random(f"{seed}/{place}/medicines")))
    given = tuple(infusions_of(truth, infused, until, random))
    said = tuple(checkins_of(infused, until, Random(f"{seed}/{place}/check-ins")))
    met = tuple(sessions_of(place, until, Random(f"{seed}/{place}/sessions")))
    return DemoPatient(key, name, born, truth, diary, given, medicines, said, met)


def infusion_days(truth: Truth, since: date, until: date, random: Random) -> list[date]:
    """When this person was infused, by the pattern of their treatment; clinics work Monday to Friday."""
    if truth.schedule == "none yet":
        return []
    if truth.schedule == "monthly before":
        begun = _monday(since - timedelta(days=80)) + timedelta(days=random.randrange(5))
        return _up_to(until, _onward(begun, 20, random))
    first = _monday(since + timedelta(days=18 + 7 * random.randrange(2)))
    if truth.schedule == "six":
        first = max(first, _monday(until - timedelta(days=45)))
    induction = [first + timedelta(days=d) for d in INDUCTION]
    if truth.schedule == "six":
        return _up_to(until, induction)
    if truth.schedule == "twice weekly":
        weeks = (until - first).days // 7 + 1
        days = induction + [first + timedelta(days=7 * w + d) for w in range(2, weeks) for d in (0, 3)]
        return _up_to(until - timedelta(days=max(0, truth.gap - GAP_LEFT)), days)
    return _up_to(until, induction + _onward(induction[-1], 40, random)[1:])


def _monday(day: date) -> date:
    return day - timedelta(days=day.weekday())


def _onward(first: date, count: int, random: Random) -> list[date]:
    """About every four weeks from a first day on; the weekday wanders within the week."""
    days = [first]
    while len(days) < count:
        week = _monday(days[-1]) + timedelta(days=7 * random.choice((3, 4, 4, 4, 5)))
        days.append(week + timedelta(days=random.randrange(5)))
    return days


def _up_to(until: date, days: list[date]) -> list[date]:
    """The days that are over, but for the last two: a demo shall not begin in the middle of an infusion."""
    return [day for day in days if day < until - timedelta(days=1)]


def diary_of(
    truth: Truth, since: date, until: date, infused: list[date], random: Random
) -> Iterator[DemoDay]:
    """Day by day: what would have been typed; days that were not logged are left out."""
    base = {key: 5.6 + random.random() * 1.9 for key in KEYS}
    base["pain"] += 0.6
    habit = random.choice((19, 20, 21))
    words = random.sample(NOTES, len(NOTES))
    drift = dict.fromkeys(KEYS, 0.0)
    for step in range((until - since).days + 1):
        on = since + timedelta(days=step)
        effect = relief_on(truth, on, infused)
        for key in KEYS:
            drift[key] = 0.55 * drift[key] + random.gauss(0, 0.62)
        scores = {
            key: round(min(10, max(0, base[key] * (1 - effect * SHARE[key]) + drift[key]))) for key in KEYS
        }
        chance, minute = random.random(), random.randrange(60)
        extras = _extras(scores, words[step % len(words)], random) | _marks(scores, on)
        late = random.random() < 0.06 and on < until
        at = datetime.combine(
            on + timedelta(days=int(late)), time(10 if late else habit, minute), clock.zone_of(ZONE)
        )
        if (until - on).days < truth.silent:
            continue
        if chance < truth.unwell:
            yield DemoDay(on, at, {"unwell": "yes"})
        elif chance < truth.unwell + truth.logged * (1 - truth.unwell):
            yield DemoDay(on, at, {key: str(score) for key, score in scores.items()} | extras)


def relief_on(truth: Truth, on: date, infused: list[date]) -> float:
    """The share by which the day is lighter: rises over two days, holds, and goes within five."""
    best = 0.0
    for number, day in enumerate(infused):
        after = (on - day).days
        if not 1 <= after <= 40:
            continue
        depth = max(0.0, truth.depth - truth.fades * max(0, number - 5))
        rise = min(1.0, after / 2)
        fall = min(1.0, max(0.0, (truth.holds + 5 - after) / 5))
        best = max(best, depth * rise * fall)
    return best


def _extras(scores: dict[str, int], words: str, random: Random) -> dict[str, str]:
    found: dict[str, str] = {}
    if random.random() < 0.5:
        found["sleep_hours"] = str(
            round(min(11, max(2, 8.4 - 0.38 * scores["sleep"] + random.gauss(0, 0.7))) * 2) / 2
        )
        found["times_awake"] = str(max(0, round(scores["sleep"] / 2.4 + random.gauss(0, 0.8))))
    if random.random() < 0.3:
        found["worst_pain"] = str(min(10, scores["pain"] + random.randrange(3)))
    if random.random() < 0.2:
        found["interference"] = str(min(10, max(0, scores["pain"] + random.randrange(-2, 2))))
    if random.random() < 0.12:
        found["note"] = words
        found["note_private"] = "yes" if random.random() < 0.25 else "no"
    if random.random() < 0.025:
        found["written_by"] = "helper"
    return found


HURTS = (
    "neck", "lower_back", "left_shoulder", "right_shoulder", "left_hip", "upper_back", "right_hip", "left_upper_leg",
    "right_upper_leg", "left_upper_arm", "right_lower_arm", "chest",
)  # fmt: skip


def _marks(scores: dict[str, int], on: date) -> dict[str, str]:
    """Regions and factors on some days: more places where pain is higher, the same ones first."""
    chance = Random(f"{on} {scores}")  # of its own, so that all else stays as it was drawn
    found: dict[str, str] = {}
    if chance.random() < 0.4 and scores["pain"] > 1:
        found["regions"] = " ".join(HURTS[: max(1, scores["pain"] + chance.randrange(-1, 3))])
    if chance.random() < 0.35:
        found |= dict.fromkeys(chance.sample(FACTOR_KEYS, chance.choice((1, 1, 2))), "yes")
    return found


def infusions_of(truth: Truth, infused: list[date], until: date, random: Random) -> Iterator[DemoInfusion]:
    """The infusions as recorded, and one planned ahead where the treatment goes on."""
    weight = round(52 + random.random() * 40, 1)
    dose = round(weight * 0.5)
    for number, day in enumerate(infused, 1):
        if number in (3, 6, 9, 12):
            dose = min(dose + 5, round(weight * 0.9))
        yield DemoInfusion(
            _infusion(day, number, dose, weight, "done", random) | _round_it(day, number, weight)
        )
    if infused and truth.schedule != "six":
        day = _monday(infused[-1]) + timedelta(days=7 if truth.schedule == "twice weekly" else 28)
        day = max(day, infused[-1] + timedelta(days=truth.gap))
        while day <= until + timedelta(days=1):
            day += timedelta(days=3 if truth.schedule == "twice weekly" else 7)
        yield DemoInfusion(_infusion(day, len(infused) + 1, dose, weight, "planned", random))


def _infusion(
    day: date, number: int, dose: int, weight: float, status: str, random: Random
) -> dict[str, str]:
    return {
        "date": day.isoformat(),
        "time": random.choice(("09:30", "10:00", "11:15", "14:00")),
        "dose_mg": str(dose),
        "minutes": str(random.choice((40, 45, 50))),
        "weight_kg": str(weight),
        "route": "IV",
        "series": "induction" if number <= 6 else "maintenance",
        "number": str(number),
        "status": status,
    }


def _round_it(day: date, number: int, weight: float) -> dict[str, str]:
    """What else the record says of a done infusion: by itself, so that nothing else of the demo depends on it."""
    random = Random(f"{day}/{number}/{weight}")
    systolic, diastolic, pulse = random.randint(108, 138), random.randint(64, 84), random.randint(60, 82)
    said = {
        "ordered_by": "Dr Owusu",
        "given_by": random.choice(("Nurse Tilda Roe", "Nurse Jon Vale")),
        "ended": "completed",
    }
    for at, more in (("pre", 0), ("peak", random.randint(8, 24)), ("post", random.randint(-4, 5))):
        said |= {
            f"{at}_systolic": str(systolic + more),
            f"{at}_diastolic": str(diastolic + more // 2),
            f"{at}_pulse": str(pulse + more // 2),
            f"{at}_spo2": str(random.randint(95, 99)),
        }
    before = random.randint(5, 8)
    said |= {
        "pain_before": str(before),
        "pain_after": str(before - random.randint(1, 4)),
        "dissociation": str(random.randint(2, 6)),
        "dissociation_minutes": str(random.choice((20, 25, 30, 35))),
        "nausea": str(random.choice((0, 0, 1, 3))),
        "ondansetron_mg": "4",
    }
    if random.random() < 0.4:
        said["midazolam_mg"] = "1"
    if number % 5 == 2:
        said |= {
            "event_1": "Headache towards the end",
            "event_1_severity": "mild",
            "event_1_done": "Rested for 20 minutes, gone before going home",
        }
    return said


# (days before the diary's last day: from, last day or 0; name; dose; unit; times a day; as needed; reason; why ended)
TAPER = (
    (700, 0, "Oxycodone MR", "20", "mg", "2", "", "", ""),
    (308, 0, "Oxycodone MR", "15", "mg", "2", "", "Planned reduction, Dr Owusu, GP", ""),
    (224, 0, "Oxycodone MR", "10", "mg", "2", "", "Planned reduction, Dr Owusu, GP", ""),
    (140, 0, "Oxycodone MR", "10 + 5", "mg", "", "", "After the induction", ""),
    (77, 0, "Oxycodone MR", "5", "mg", "2", "", "Own wish, agreed at the visit", ""),
    (500, 225, "Tramadol", "50", "mg", "2", "yes", "For bad days", "No longer used"),
    (420, 315, "Buprenorphine patch", "5", "mcg/h", "", "", "", "Skin under the patch"),
    (330, 0, "Duloxetine", "30", "mg", "1", "", "For pain and mood", ""),
    (294, 0, "Duloxetine", "60", "mg", "1", "", "Tolerated well", ""),
    (600, 0, "Pregabalin", "150", "mg", "2", "", "", ""),
    (98, 0, "Pregabalin", "75", "mg", "2", "", "Unsteady on the stairs", ""),
    (400, 205, "Diazepam", "2", "mg", "1", "yes", "At night, in bad weeks", "Before the first infusion"),
)
USUAL = (
    ((480, 0, "Duloxetine", "60", "mg", "1", "", "", ""), (300, 0, "Ibuprofen", "400", "mg", "3", "yes", "", "")),
    ((390, 0, "Amitriptyline", "25", "mg", "1", "", "For sleep", ""), (260, 90, "Co-codamol", "30", "mg", "4", "yes", "", "Did not help")),
    ((520, 0, "Lyrica", "75", "mg", "2", "", "", ""), (150, 0, "Lyrica", "150", "mg", "2", "", "Too little relief", "")),
    ((450, 120, "Fentanyl patch", "25", "mcg/h", "", "", "", "Changed to tablets"), (119, 0, "Morphine MR", "15", "mg", "2", "", "Instead of the patch", "")),
    ((340, 0, "Sertraline", "100", "mg", "1", "", "", ""), (200, 0, "Low dose naltrexone", "4.5", "mg", "1", "", "", "")),
)  # fmt: skip
COLUMNS = ("name", "dose", "dose_unit", "times_per_day", "as_needed", "reason", "until_reason")


def medicines_of(place: int, until: date, random: Random) -> Iterator[DemoMedicine]:
    """What this person takes: the first one's taper of a year, for the others a few of the usual ones."""
    rows = TAPER if place == 0 else USUAL[(place - 1) % len(USUAL)]
    shift = 0 if place == 0 else random.randrange(14)
    for begun, ended, *texts in rows:
        fields = dict(zip(COLUMNS, texts, strict=True)) | {"from": str(until - timedelta(days=begun - shift))}
        if ended:
            fields["until"] = str(until - timedelta(days=ended - shift))
        yield DemoMedicine(fields)
    if place == 0:
        own = {
            "name": "Ibuprofen",
            "dose": "200",
            "dose_unit": "mg",
            "times_per_day": "2",
            "as_needed": "yes",
        }
        yield DemoMedicine(own | {"from": str(until - timedelta(days=9)), "reason": "headaches"}, is_own=True)


INSIGHTS = (
    "The sea was flat and I was the boat and the sea. I do not have to row all the time.",
    "A house with all its windows open. Nobody in it was in a hurry.",
    "I can set the bag down. It was never mine.",
    "My grandmother's kitchen, and flour on the table.",
    "Less noise. Like after snow.",
)
INTENTIONS = (
    "To let the music carry me, and not to check how my hands feel every minute.",
    "To be kind to my back.",
    "Breathe out longer than in.",
    "Nothing to solve today.",
)
WITH_GAP, GAP_DAYS, GAP_REASON = "alice", 42, "To see how long relief lasts."
LATEST = 8  # infusions with something said around them


def checkins_of(infused: list[date], until: date, random: Random) -> Iterator[DemoCheckin]:
    """The evenings and mornings after the last infusions, with this person's own usual side effects; none fires."""
    usual = random.sample(("detached", "dizziness", "nausea", "headache", "tiredness", "dreams"), 3)
    for day in infused[-LATEST:]:
        if random.random() < 0.6:
            words = {
                "intention": random.choice(INTENTIONS),
                "intention_private": random.choice(("no", "yes")),
            }
            yield DemoCheckin(day, day - timedelta(days=1), "intention", words, _id(random))
        yield _arrival(day, Random(f"{usual} {day}"))
        for after, chance in ((0, 0.6), (1, 0.9), (3, 0.5)):
            on = day + timedelta(days=after)
            if on > until or random.random() > chance:
                continue
            marked = [key for key in usual if random.random() < (0.75 if after < 3 else 0.15)]
            fields = {key: random.choice(("mild", "mild", "moderate")) for key in marked} or {"none": "yes"}
            fields |= {"head": random.choice(("clear", "clear", "a_little_foggy"))}
            fields |= {"heart": random.choice(("light", "as_usual", "as_usual", "heavy")), "done": "yes"}
            if after == 1:
                fields |= {"still_detached": random.choice(("no", "no", "mild")), "fall": "no"}
                if random.random() < 0.6:
                    private = random.choice(("no", "yes"))
                    fields |= {"insight": random.choice(INSIGHTS), "insight_private": private}
            yield DemoCheckin(day, on, "checkin", fields, _id(random))


def _arrival(day: date, random: Random) -> DemoCheckin:
    """The sheet for the nurse, from dice of its own, so that nothing else of the demo changes."""
    fields = {
        "pain_now": str(random.randint(4, 8)),
        "way_home": random.choice(("somebody", "taxi", "somebody")),
    }
    return DemoCheckin(day, day, "arrival", fields | {"done": "yes"}, _id(random))


def _id(random: Random) -> UUID:
    return UUID(int=random.getrandbits(128), version=4)


# (days before the diary's last day, kind, shared note, private note, commitments: words, days, counted)
MET = (
    (49, "integration", "We spoke of the quiet hour after the infusion, and of how to keep one at home.", "",
     (("Ten quiet minutes before getting up", 14, True), ("Ask somebody to carry the shopping", 14, False))),
    (35, "coaching", "A good week was used for too much at once. Smaller steps, also on good days.",
     "Would like to know whether the interval could be talked about.",
     (("Stop after half of what feels possible", 14, True), ("One walk to the harbour, at any pace", 14, False))),
    (20, "integration", "Relief went, and the mornings stayed calmer than before. That counts too.", "",
     (("Ten quiet minutes, also on good days", 16, True), ("Nobody visits on the day after the infusion", 30, False))),
    (6, "coaching", "What helped this week: late starts, and one outing every second day.",
     "Not shared yet: to be talked through next time.",
     (("One outing every second day", 14, True),)),
)  # fmt: skip
BECAME = (("partly", "done"), ("done", "not_yet"), ("partly", "let_go"), ("done",))
GOALS = (
    "To the harbour twice a week, and not to count it.",
    "One morning a week with the children, start to finish.",
)


def sessions_of(place: int, until: date, random: Random) -> Iterator[DemoSession]:
    """Four sessions every two weeks and one ahead; the last one is not shared with every second person."""
    shift = 0 if place == 0 else random.randrange(4)
    for number, (ago, kind, note, private_note, agreed) in enumerate(MET):
        day = until - timedelta(days=ago + shift)
        fields = {
            "kind": kind, "status": "held", "date": str(day), "start": "11:00", "end": "11:50",
            "note": note, "private_note": private_note,
        }  # fmt: skip
        for at, (words, days, is_counted) in enumerate(agreed, 1):
            fields |= {
                f"commitment_{at}": words,
                f"until_{at}": str(day + timedelta(days=days)),
                f"counted_{at}": "yes" if is_counted else "no",
            }
        became = BECAME[number - 1] if number else ()
        is_shared = number < 3 or place % 2 == 0
        yield DemoSession(fields, is_shared, became, GOALS[number] if number < len(GOALS) else "")
    ahead = until + timedelta(days=1 + (place + shift) % 9)
    yield DemoSession(
        {"kind": "integration", "status": "planned", "date": str(ahead), "start": "14:00", "end": "14:50"},
        False,
    )


def done_days(agreed_on: date, until: date) -> list[date]:
    """On which days a counted commitment was done: most of two weeks, as far as the diary goes."""
    days = (agreed_on + timedelta(days=n) for n in range(1, 14) if n % 4 != 3)
    return [day for day in days if day <= until]
