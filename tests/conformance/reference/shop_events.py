# SPDX-License-Identifier: MIT
"""The log of events and its consumers, by hand from aurora/event.h."""

from cases import File, step

NOW = 1750000000000


def put(sku):
    return step("product_put", sku=sku, name=sku, price_minor=100, currency="EUR")


def read(*positions, consumer="mailer", as_=None, position=None, **more):
    gives = {"items": [{"position": one} for one in positions]}
    if position is not None:
        gives["position"] = position
    return step("event_read", as_=as_, consumer=consumer, gives=gives, **more)


def ack(position, consumer="mailer", **more):
    return step("event_ack", consumer=consumer, position=position, **more)


def cases(file):
    three = [put("a"), put("b"), put("c")]
    file.case("an_empty_log", step("event_bounds", gives={"oldest": 1, "newest": 0}), read(position=0))
    file.case("what_a_product_tells", put("a"), step("event_read", consumer="mailer", gives={"position": 1, "items": [
        {"kind": "product.upserted", "position": 1, "type_name": "product.upserted", "id": "?text", "source": "?text",
         "order_id": None, "sku": "a", "at_ms": NOW, "is_resend": False,
         "data": {"sku": "a", "name": "a", "price_minor": 100, "currency": "EUR"}}]}))
    file.case("without_an_acknowledgement_they_come_again", *three, read(1, 2, 3), read(1, 2, 3))
    file.case("what_was_acknowledged_does_not_come_again", *three, read(1, 2, 3, position=3), ack(2), read(3), ack(3), read(position=3))
    file.case("an_older_acknowledgement_is_a_no_op", *three, read(1, 2, 3), ack(3), ack(1), read())
    file.case("a_limit_cuts_a_page", *three, read(1, 2, limit=2, position=2), ack(2), read(3, limit=2))
    file.case("consumers_have_positions_of_their_own", *three, read(1, 2, 3), ack(3), read(1, 2, 3, consumer="erp"))
    file.case("who_never_read_acknowledges_nothing", *three, ack(1, fails={"status": "ENOTFOUND"}))
    file.case("the_end_bounds_acknowledgements", *three, read(1, 2, 3), ack(4, fails={"status": "EINVAL"}))
    for name in ("", "Mailer", "a b", "a/b", {"repeat": "a", "times": 65}):
        text = name if isinstance(name, str) else "a_long_name"
        file.case(f"no_consumer_is_called_{text!r}", step("event_read", consumer=name, fails={"status": "EINVAL"}))
    file.case("no_page_above_1000_events", step("event_read", consumer="m", limit=1001, fails={"status": "EINVAL"}))
    file.case("a_tail_needs_no_consumer", *three, step("event_tail", after_position=1, gives={
        "items": [{"position": 2, "sku": "b"}, {"position": 3, "sku": "c"}], "position": 3}),
              step("event_tail", after_position=1, limit=1, gives={"items": [{"position": 2}], "position": 2}),
              step("event_tail", after_position=3, gives={"items": [], "position": 3}))
    file.case("a_consumer_is_listed", *three, read(1, 2, 3), ack(1), step("pump"), step("consumer_list", gives={"items": [
        {"kind": "follower"}, {"kind": "host", "name": "mailer", "position": 1, "lag": 2, "is_gone": False}, *[{"kind": "follower"}] * 3]}),
              step("consumer_delete", consumer="mailer"), step("consumer_delete", consumer="mailer", fails={"status": "ENOTFOUND"}))
    file.case("a_forgotten_consumer_begins_anew", *three, read(1, 2, 3), ack(3), step("consumer_delete", consumer="mailer"),
              read(1, 2, 3))
    file.case("a_consumer_goes_on_after_a_restart", *three, read(1, 2, 3), ack(2), step("reopen"), read(3), open={"store": "file"})
    file.case("a_deleted_product_tells", put("a"), step("product_delete", sku="a"), step(
        "event_tail", after_position=1, gives={"items": [{"kind": "product.deleted", "sku": "a"}]}))
    order = {"lines": [{"sku": "sku-1", "quantity": 1}], "currency": "EUR", "payment_method": "tok_approve"}
    file.case("an_order_tells_its_way", step("event_bounds", as_="b"), step("order_place", as_="o", **order),
              step("settle", order_id="$o.id"),
              step("event_tail", after_position="$b.newest", gives={"items": [
                  {"kind": "order.created", "order_id": "$o.id"}, {"kind": "inventory.reserved", "order_id": "$o.id"},
                  {"kind": "payment.authorized"}, {"kind": "order.completed"}, {"kind": "inventory.committed"},
                  {"kind": "payment.captured"}]}),
              open={"product_count": 1, "stock": 5})
    file.case("a_declined_order_tells_its_way", step("event_bounds", as_="b"),
              step("order_place", as_="o", **{**order, "payment_method": "tok_decline"}), step("settle", order_id="$o.id"),
              step("event_tail", after_position="$b.newest", gives={"items": [
                  {"kind": "order.created"}, {"kind": "inventory.reserved"}, {"kind": "payment.declined"},
                  {"kind": "order.failed"}, {"kind": "inventory.released"}, {"kind": "payment.voided"}]}),
              open={"product_count": 1, "stock": 5})
    file.case("a_rejected_order_tells_its_way", step("event_bounds", as_="b"),
              step("order_place", as_="o", **{**order, "lines": [{"sku": "sku-1", "quantity": 6}]}),
              step("settle", order_id="$o.id"),
              step("event_tail", after_position="$b.newest", limit=3, gives={"items": [
                  {"kind": "order.created"}, {"kind": "inventory.rejected"}, {"kind": "order.failed"}]}),
              open={"product_count": 1, "stock": 5})


def passed(file):
    """Readers that retention has passed: rows are kept for a day, and a week for who read lately."""
    three = [put("a"), put("b"), put("c")]
    day = 86400000

    def later(days):
        return [step("clock_advance", ms=days * day), step("pump")]

    left_behind = [*three, read(1, 2, 3), ack(1), *later(2), step("event_bounds", gives={"oldest": 2, "newest": 3}), *later(6)]
    empty = step("event_bounds", gives={"oldest": 4, "newest": 3})
    gone = {"status": "EGONE"}
    file.case("a_reader_who_stays_away_is_passed", *left_behind, empty, step("event_read", consumer="mailer", fails=gone),
              # Among those of our own: by name.
              step("consumer_list", gives={"items": [
                  {"kind": "follower", "is_gone": False}, {"kind": "host", "name": "mailer", "position": 1, "lag": 2, "is_gone": True},
                  *[{"kind": "follower", "is_gone": False}] * 3]}))
    file.case("a_position_that_was_passed_is_not_acknowledged", *left_behind, ack(1, fails=gone), ack(2, fails=gone), ack(4, fails={"status": "EINVAL"}))
    file.case("who_was_passed_begins_anew_at_the_bounds", *left_behind, step("event_bounds", as_="b"), ack("$b.newest"),
              put("d"), read(4, position=4), ack(4), read())
    file.case("who_was_passed_and_is_forgotten_begins_at_the_oldest", *left_behind, put("d"), step("consumer_delete", consumer="mailer"), read(4))
    file.case("a_tail_of_what_is_gone", *three, *later(2), empty, step("event_tail", after_position=0, fails=gone),
              step("event_tail", after_position=2, fails=gone), step("event_tail", after_position=3, gives={"items": [], "position": 3}),
              put("d"), step("event_tail", after_position=3, gives={"items": [{"position": 4, "sku": "d"}]}))
    file.case("a_reader_who_has_all_is_not_passed", *three, read(1, 2, 3), ack(3), *later(8), empty, read(), put("d"), read(4))
    file.case("passed_is_passed_after_a_restart_too", *left_behind, step("reopen"), step("event_read", consumer="mailer", fails=gone),
              step("event_tail", after_position=0, fails=gone), open={"store": "file"})


def files():
    file = File("events", "The log of events and its consumers.", "by hand, from aurora/event.h", "shop")
    cases(file)
    passed(file)
    return [file]
