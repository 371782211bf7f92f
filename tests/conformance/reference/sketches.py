# SPDX-License-Identifier: MIT
"""Decayed sums by their definition: weight * 2^(-(t - at) / half_life), added up per key.

While fewer keys come than the sketch can hold its answers are exact; only such cases are computed
here. What happens beyond is bounded, not exact, and is tried by C's own tests."""

from cases import File, step

HOUR = 3600 * 1000


class Sums:
    def __init__(self, half_life_ms):
        self.half_life = half_life_ms
        self.adds = []
        self.newest = -1

    def add(self, key, weight, at_ms):
        self.adds.append((key, weight, at_ms))
        self.newest = max(self.newest, at_ms)

    def score(self, key, at_ms):
        return sum(w * 2.0 ** (-(at_ms - at) / self.half_life) for k, w, at in self.adds if k == key)

    def list(self, at_ms, limit):
        scores = [(key, self.score(key, at_ms)) for key in sorted({k for k, _, _ in self.adds})]
        scores.sort(key=lambda one: -one[1])
        return [{"key": key, "score": score, "error": 0} for key, score in scores[:limit]]


def topk(file):
    def new(name="t", capacity=8, half_life=HOUR):
        return step("topk_init", as_=name, capacity=capacity, half_life_ms=half_life)

    def script(name, adds, at_ms, limit=10, half_life=HOUR):
        sums = Sums(half_life)
        steps = [new(half_life=half_life)]
        for key, weight, at in adds:
            sums.add(key, weight, at)
            steps.append(step("topk_add", "t", key=key, weight=weight, at_ms=at))
        steps.append(step("topk_list", "t", at_ms=at_ms, limit=limit,
                          gives={"items": sums.list(at_ms, limit)}))
        steps.append(step("topk_read", "t", gives={"newest_ms": sums.newest, "capacity": 8}))
        file.case(name, *steps)

    script("nothing_is_popular_in_the_beginning", [], 0)
    script("weights_add_up", [("a", 1, 0), ("b", 2, 0), ("a", 1.5, 0)], 0)
    script("equal_scores_are_in_the_order_of_their_keys", [("b", 1, 0), ("a", 1, 0), ("c", 1, 0)], 0)
    script("a_half_life_halves", [("a", 8, 0)], HOUR)
    script("ten_half_lives_leave_a_thousandth", [("a", 1024, 0), ("b", 2, 10 * HOUR)], 10 * HOUR)
    script("what_is_new_passes_what_was_heavy", [("old", 10, 0), ("new", 6, HOUR)], HOUR)
    script("an_old_time_counts_what_is_left_of_it", [("a", 4, 2 * HOUR), ("b", 4, 0)], 2 * HOUR)
    script("the_order_of_adds_does_not_matter", [("b", 4, 0), ("a", 4, 2 * HOUR), ("b", 1, HOUR)], 2 * HOUR)
    script("a_limit_cuts_the_list", [("a", 3, 0), ("b", 2, 0), ("c", 1, 0)], 0, limit=2)
    script("parts_of_a_half_life", [("a", 3, 0), ("b", 2, 1000), ("c", 2.5, 500)], 123456)
    script("a_week_as_half_life", [("a", 3, 0), ("b", 2, HOUR)], 5 * HOUR, half_life=168 * HOUR)
    file.case("a_key_alone", new(), step("topk_add", "t", key="a", weight=2, at_ms=0),
              step("topk_get", "t", key="a", at_ms=HOUR, gives={"key": "a", "score": 1, "error": 0}),
              step("topk_get", "t", key="b", at_ms=HOUR, gives={"score": 0, "error": 0}))
    file.case("before_the_newest_time_nothing_is_told", new(),
              step("topk_add", "t", key="a", weight=2, at_ms=1000),
              step("topk_list", "t", at_ms=999, limit=1, fails={"status": "EINVAL"}),
              step("topk_get", "t", key="a", at_ms=999, fails={"status": "EINVAL"}))
    file.case("a_reset_forgets", new(), step("topk_add", "t", key="a", weight=2, at_ms=1000),
              step("topk_reset", "t"), step("topk_list", "t", at_ms=0, limit=5, gives={"items": []}),
              step("topk_read", "t", gives={"newest_ms": -1, "capacity": 8}))
    file.case("two_sketches_become_one", new("t"), new("u", capacity=4),
              step("topk_add", "t", key="a", weight=2, at_ms=0),
              step("topk_add", "u", key="a", weight=1, at_ms=HOUR),
              step("topk_add", "u", key="b", weight=5, at_ms=HOUR),
              step("topk_merge", "t", **{"from": "u"}),
              step("topk_list", "t", at_ms=HOUR, limit=5, gives={"items": [
                  {"key": "b", "score": 5, "error": 0}, {"key": "a", "score": 2, "error": 0}]}),
              step("topk_list", "u", at_ms=HOUR, limit=5, gives={"items": [
                  {"key": "b", "score": 5}, {"key": "a", "score": 1}]}))
    file.case("other_half_lives_do_not_merge", new("t"), new("u", half_life=HOUR + 1),
              step("topk_merge", "t", **{"from": "u"}, fails={"status": "EINVAL"}))
    file.case("nothing_merges_with_itself", new("t"),
              step("topk_merge", "t", **{"from": "t"}, fails={"status": "EINVAL"}))
    file.case("a_copy_goes_on_alone", new("t"), step("topk_add", "t", key="a", weight=2, at_ms=0),
              step("topk_copy", as_="u", **{"from": "t"}, capacity=8, half_life_ms=HOUR),
              step("topk_add", "u", key="b", weight=3, at_ms=0),
              step("topk_list", "u", at_ms=0, limit=5, gives={"items": [
                  {"key": "b", "score": 3}, {"key": "a", "score": 2}]}),
              step("topk_list", "t", at_ms=0, limit=5, gives={"items": [{"key": "a", "score": 2}]}))
    file.case("a_copy_needs_the_same_half_life", new("t"),
              step("topk_copy", as_="u", **{"from": "t"}, capacity=8, half_life_ms=1,
                   fails={"status": "EINVAL"}))
    file.case("a_copy_needs_room", new("t"), step("topk_add", "t", key="a", weight=2, at_ms=0),
              step("topk_add", "t", key="b", weight=2, at_ms=0),
              step("topk_copy", as_="u", **{"from": "t"}, capacity=1, half_life_ms=HOUR,
                   fails={"status": "ENOMEM"}))
    file.case("bytes_of_nobody_are_no_snapshot", new("t"),
              step("topk_restore", "t", bytes="00112233", fails={"status": "ECORRUPT"}))
    for name, args in (("an_empty_key", {"key": ""}), ("no_weight", {"weight": 0}),
                       ("a_weight_below_zero", {"weight": -1}), ("too_much_weight", {"weight": 1.1e12}),
                       ("a_time_below_zero", {"at_ms": -1}), ("a_time_after_9999", {"at_ms": 253402300800000}),
                       ("a_key_of_65_bytes", {"key": "k" * 65})):
        given = {"key": "a", "weight": 1, "at_ms": 0, **args}
        file.case(f"{name}_is_refused", new(), step("topk_add", "t", **given, fails={"status": "EINVAL"}),
                  step("topk_list", "t", at_ms=0, limit=1, gives={"items": []}))
    for name, args in (("no_capacity", {"capacity": 0}), ("no_half_life", {"half_life_ms": 0})):
        given = {"capacity": 8, "half_life_ms": HOUR, **args}
        file.case(f"{name}_is_refused", step("topk_init", as_="t", **given, fails={"status": "EINVAL"}))


def related(file):
    def new(name="r", half_life=HOUR):
        return step("related_init", as_=name, capacity=8, neighbours=4, half_life_ms=half_life)

    def add(skus, weight=1, at_ms=0, on="r", **more):
        return step("related_add", on, skus=skus, weight=weight, at_ms=at_ms, **more)

    def listed(sku, at_ms, *pairs, on="r", limit=10):
        items = [{"key": key, "score": score, "error": 0} for key, score in pairs]
        return step("related_list", on, sku=sku, at_ms=at_ms, limit=limit, gives={"items": items})

    file.case("two_in_one_basket", new(), add(["a", "b"]), listed("a", 0, ("b", 1)), listed("b", 0, ("a", 1)))
    file.case("three_in_one_basket", new(), add(["a", "b", "c"]), listed("a", 0, ("b", 1), ("c", 1)))
    file.case("one_alone_counts_nothing", new(), add(["a"]), add(["b", "b"]), listed("a", 0), listed("b", 0))
    file.case("a_sku_twice_is_there_once", new(), add(["a", "b", "a"]), listed("a", 0, ("b", 1)))
    file.case("baskets_add_up", new(), add(["a", "b"]), add(["b", "a"], 2.5), add(["a", "c"]),
              listed("a", 0, ("b", 3.5), ("c", 1)))
    file.case("pairs_decay", new(), add(["a", "b"], 4), add(["a", "c"], 3, HOUR),
              listed("a", HOUR, ("c", 3), ("b", 2)),
              step("related_read", "r", gives={"newest_ms": HOUR, "capacity": 8}))
    file.case("a_limit_cuts_what_is_related", new(), add(["a", "b"], 2), add(["a", "c"]),
              listed("a", 0, ("b", 2), limit=1))
    file.case("what_was_never_sold_is_related_to_nothing", new(), add(["a", "b"]), listed("x", 0))
    file.case("a_reset_of_baskets", new(), add(["a", "b"]), step("related_reset", "r"), listed("a", 0))
    file.case("two_tables_become_one", new("r"), new("s"), add(["a", "b"]), add(["a", "b"], 2, on="s"),
              step("related_merge", "r", **{"from": "s"}), listed("a", 0, ("b", 3)),
              listed("a", 0, ("b", 2), on="s"))
    file.case("a_copy_of_baskets", new("r"), add(["a", "b"]),
              step("related_copy", as_="s", **{"from": "r"}, capacity=8, neighbours=4, half_life_ms=HOUR),
              add(["a", "c"], 3, on="s"), listed("a", 0, ("c", 3), ("b", 1), on="s"), listed("a", 0, ("b", 1)))
    file.case("bytes_of_nobody_are_no_table", new(),
              step("related_restore", "r", bytes="00112233", fails={"status": "ECORRUPT"}))
    file.case("a_basket_before_1970_is_refused", new(), add(["a", "b"], 1, -1, fails={"status": "EINVAL"}))
    file.case("a_basket_without_weight_is_refused", new(), add(["a", "b"], 0, fails={"status": "EINVAL"}))
    file.case("more_than_256_neighbours_are_refused",
              step("related_init", as_="r", capacity=8, neighbours=257, half_life_ms=HOUR,
                   fails={"status": "EINVAL"}))


def files():
    file = File("sketches", "What is popular, and what is bought together, while all keys find room.",
                "reference/sketches.py, sums by their definition; the rest by hand")
    topk(file)
    related(file)
    return [file]
