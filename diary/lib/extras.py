"""The 19 regions of the body and the factors of a day, by their keys; what a day's marks say in words."""

from collections.abc import Collection, Iterable, Mapping

from diary.lib.words import number

SIDED = ("jaw", "shoulder", "upper_arm", "lower_arm", "hip", "upper_leg", "lower_leg")
# The regions of the 2016 fibromyalgia criteria (Wolfe 2016), head to foot. One day's map is no WPI.
REGIONS = {
    "left_jaw": "left jaw",
    "right_jaw": "right jaw",
    "neck": "neck",
    "left_shoulder": "left shoulder",
    "right_shoulder": "right shoulder",
    "left_upper_arm": "left upper arm",
    "right_upper_arm": "right upper arm",
    "left_lower_arm": "left lower arm",
    "right_lower_arm": "right lower arm",
    "chest": "chest",
    "abdomen": "belly",
    "upper_back": "upper back",
    "lower_back": "lower back",
    "left_hip": "left hip or buttock",
    "right_hip": "right hip or buttock",
    "left_upper_leg": "left upper leg",
    "right_upper_leg": "right upper leg",
    "left_lower_leg": "left lower leg",
    "right_lower_leg": "right lower leg",
}
FACTORS = {
    "factor_movement": "moved or exercised",
    "factor_pacing": "paced myself",
    "factor_food": "food",
    "factor_alcohol": "alcohol",
    "factor_stress": "stress",
    "factor_cycle": "period or cycle",
    "factor_weather": "weather",
}


def regions_words(regions: Collection[str]) -> str:
    """The names of regions by their keys, head to foot: "neck, left shoulder"; empty for none."""
    return ", ".join(name for key, name in REGIONS.items() if key in regions)


def extras_words(
    regions: Collection[str],
    factors: Collection[str],
    own: Iterable[tuple[str, float]] = (),
    names: Mapping[str, str] = FACTORS,
) -> str:
    """A day's regions and factors by their keys, and own symptoms as (name, score), in a line, or an empty text.

    names: of the factors by their keys, with the clinic's own where days may hold them.

    "Hurts: neck. Also: stress. Own: tingling 4, 0 none to 10 worst."
    """
    also = ", ".join(name for key, name in names.items() if key in factors)
    scored = ", ".join(f"{name} {number(score)}" for name, score in own)
    parts = (
        f"Hurts: {regions_words(regions)}." if regions else "",
        f"Also: {also}." if also else "",
        f"Own words, 0 to 10: {scored}." if scored else "",
    )
    return " ".join(part for part in parts if part)
