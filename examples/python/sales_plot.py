# SPDX-License-Identifier: MIT
# %% [markdown]
# # A day of a shop, and what it looks like
#
# Run it as a script, or cell by cell in an editor that knows `# %%`. It sells ten thousand orders
# from a catalogue in which few things sell often, asks the shop what it knows, and draws three
# pictures into sales.png (with matplotlib; without it only the numbers are printed).

# %%
import collections
import random
import sys

import aurora

ORDERS = int(sys.argv[1]) if len(sys.argv) > 1 else 10_000
SKUS = 40
random.seed(7)

# %% A catalogue, with little of what sells best
shop = aurora.open("memory:")
shop.products.put_many([
    aurora.ProductInput(f"sku-{at}", f"Product {at}", aurora.Money.from_minor(500 + 137 * at, "EUR"))
    for at in range(SKUS)])
for at in range(SKUS):
    shop.stock.receive(f"sku-{at}", ORDERS // 4 if at < 2 else ORDERS, key=f"delivery-{at}")


# %% A day of orders
def basket():
    """Zipf's law: the first product sells twice as often as the second."""
    lines = random.randint(1, 3)
    return [(f"sku-{min(int(random.paretovariate(1)) - 1, SKUS - 1)}", random.randint(1, 2))
            for _ in range(lines)]


def orders():
    for at in range(ORDERS):
        token = "tok_decline_broke" if random.random() < 0.03 else "tok_approve"
        yield aurora.OrderRequest(basket(), "EUR", token, key=f"cart-{at}")


outcomes, revenue = collections.Counter(), []
for completion in shop.orders.place_many(orders()):
    if completion.error is not None:
        raise completion.error
    outcomes[completion.reason.name if completion.reason else completion.status.name] += 1
    revenue.append((revenue[-1] if revenue else 0) +
                   (completion.total_minor if completion.status is aurora.OrderStatus.COMPLETED else 0))

# %% What the shop knows of it
report = shop.verify()
popular = shop.recommendations.popular(limit=10)
left = {stock.sku: stock.available for stock in shop.stock.list()}
print(f"{ORDERS} orders: {dict(outcomes)}")
print(f"revenue {aurora.Money.from_minor(revenue[-1], 'EUR')}, {report.event_count} events, "
      f"{'all invariants hold' if report.is_ok else report.violations}")
print("sold most:", ", ".join(trend.sku for trend in popular[:3]))
assert sum(outcomes.values()) == ORDERS and report.is_ok and min(left.values()) >= 0

# %% Three pictures
try:
    import matplotlib
    matplotlib.use("Agg")
    from matplotlib import pyplot
except ImportError:
    print("no matplotlib, no picture")
else:
    figure, (line, bars, pie) = pyplot.subplots(1, 3, figsize=(13, 4))
    line.plot([minor / 100 for minor in revenue])
    line.set(title="Revenue", xlabel="orders", ylabel="EUR")
    bars.bar([trend.sku.replace("sku-", "") for trend in popular], [trend.score for trend in popular])
    bars.set(title="In most orders", xlabel="SKU", ylabel="orders")
    pie.pie(list(outcomes.values()), labels=[name.lower() for name in outcomes], autopct="%1.0f %%")
    pie.set(title="How they ended")
    figure.tight_layout()
    figure.savefig("sales.png", dpi=80)
    print("drawn: sales.png")

# %%
shop.close()
