/** What developers ask a coding agent, and what it finds and changes. */
export interface Task {
  readonly name: string;
  readonly request: string;
  readonly file: string;
  readonly search: string;
  readonly source: string;
  readonly patch: string;
  readonly test: string;
  readonly failure: string;
  readonly plan: readonly string[];
  readonly summary: string;
}

export const TASKS: readonly Task[] = [
  {
    name: 'fix-bug',
    request: 'Orders placed at 23:30 show up on the next day in the daily report. Find out why and fix it.',
    file: 'src/reports/daily.ts',
    search: 'toISOString().slice(0, 10)',
    source:
      'export function dayOf(order: Order): string {\n  return order.placedAt.toISOString().slice(0, 10);\n}\n\nexport function totalsByDay(orders: Order[]): Map<string, number> {\n  const totals = new Map<string, number>();\n  for (const order of orders) totals.set(dayOf(order), (totals.get(dayOf(order)) ?? 0) + order.total);\n  return totals;\n}',
    patch:
      "--- a/src/reports/daily.ts\n+++ b/src/reports/daily.ts\n@@\n-export function dayOf(order: Order): string {\n-  return order.placedAt.toISOString().slice(0, 10);\n+export function dayOf(order: Order, zone: string): string {\n+  return new Intl.DateTimeFormat('sv-SE', { timeZone: zone }).format(order.placedAt);\n }",
    test: 'reports/daily.spec.ts',
    failure:
      'FAIL reports/daily.spec.ts\n  ✕ counts an order at 23:30 in Berlin on its own day\n    Expected: "2026-03-28"\n    Received: "2026-03-29"',
    plan: [
      'find where the day of an order is computed',
      'write a failing test for 23:30 local time',
      'use the zone of the shop',
      'run the tests',
    ],
    summary:
      'The report cut the day from a UTC time, so everything after 22:00 or 23:00 Berlin time moved to the next day. `dayOf` now takes the zone of the shop. A test covers 23:30 on the day the clocks change.',
  },
  {
    name: 'add-endpoint',
    request: 'Add GET /api/customers/:id/orders with paging, newest first. Follow the style of the other routes.',
    file: 'src/routes/customers.ts',
    search: "router.get('/api/customers",
    source:
      "router.get('/api/customers/:id', async (request, reply) => {\n  const customer = await customers.find(request.params.id);\n  if (!customer) return reply.code(404).send({ message: 'no such customer' });\n  return presentCustomer(customer);\n});",
    patch:
      "--- a/src/routes/customers.ts\n+++ b/src/routes/customers.ts\n@@\n+router.get('/api/customers/:id/orders', async (request) => {\n+  const { limit, cursor } = parsePage(request.query);\n+  const page = await orders.ofCustomer(request.params.id, { limit, cursor });\n+  return { data: page.items.map(presentOrder), next: page.next };\n+});",
    test: 'routes/customers.spec.ts',
    failure:
      "FAIL routes/customers.spec.ts\n  ✕ pages are disjoint\n    TypeError: Cannot read properties of undefined (reading 'cursor')\n      at parsePage (src/http/page.ts:14:22)",
    plan: [
      'read how other lists are paged',
      'add the query with a keyset on (placed_at, id)',
      'add the route and its tests',
      'run the tests',
    ],
    summary:
      'Added GET /api/customers/:id/orders. It pages by a keyset on (placed_at, id), like the other lists, and answers 404 for unknown customers. Four tests, all green.',
  },
  {
    name: 'upgrade',
    request: 'Upgrade the mail library to version 7 and get rid of the deprecated callback calls.',
    file: 'src/mail/send.ts',
    search: 'transport.sendMail(',
    source:
      'export function send(mail: Mail, done: (error?: Error) => void): void {\n  transport.sendMail({ ...mail, from: FROM }, (error) => {\n    if (error) log.warn({ error }, "mail was not sent");\n    done(error ?? undefined);\n  });\n}',
    patch:
      '--- a/src/mail/send.ts\n+++ b/src/mail/send.ts\n@@\n-export function send(mail: Mail, done: (error?: Error) => void): void {\n-  transport.sendMail({ ...mail, from: FROM }, (error) => {\n-    if (error) log.warn({ error }, "mail was not sent");\n-    done(error ?? undefined);\n-  });\n-}\n+export async function send(mail: Mail): Promise<void> {\n+  await transport.sendMail({ ...mail, from: FROM });\n+}',
    test: 'mail/send.spec.ts',
    failure:
      'FAIL mail/send.spec.ts\n  ✕ a refused recipient is reported\n    Expected the promise to be rejected, but it was resolved with undefined',
    plan: ['read the migration notes', 'find all callers', 'turn callbacks into promises', 'run the tests'],
    summary:
      'The mail library is at version 7. Three callers used callbacks; all of them await now, and a refused recipient reaches the caller as a rejection.',
  },
  {
    name: 'speed-up',
    request:
      'The import of product feeds takes nine minutes. Profile it and make it faster without changing the result.',
    file: 'src/import/feed.py',
    search: 'for row in rows',
    source:
      'def import_feed(rows, db):\n    for row in rows:\n        product = db.execute("SELECT * FROM products WHERE sku = %s", (row["sku"],)).fetchone()\n        if product is None:\n            db.execute("INSERT INTO products (sku, name, price) VALUES (%s, %s, %s)", (row["sku"], row["name"], row["price"]))\n        elif product["price"] != row["price"]:\n            db.execute("UPDATE products SET price = %s WHERE sku = %s", (row["price"], row["sku"]))\n',
    patch:
      '--- a/src/import/feed.py\n+++ b/src/import/feed.py\n@@\n-    for row in rows:\n-        product = db.execute("SELECT * FROM products WHERE sku = %s", (row["sku"],)).fetchone()\n+    for chunk in batched(rows, 1000):\n+        execute_values(db, UPSERT, [(r["sku"], r["name"], r["price"]) for r in chunk])\n',
    test: 'tests/test_feed.py',
    failure:
      'FAILED tests/test_feed.py::test_price_changes_are_kept\nE   AssertionError: assert Decimal("19.90") == Decimal("21.50")',
    plan: [
      'measure where the time goes',
      'write chunks instead of rows',
      'compare the tables before and after',
      'run the tests',
    ],
    summary:
      'The import made two round trips per row. It now writes 1,000 rows at once: nine minutes became 14 seconds on the feed of last night, and the tables are identical.',
  },
];

export const REPOSITORIES = ['shop-api', 'warehouse', 'storefront', 'billing'];

export const SYSTEM_PROMPT =
  'You are a coding agent. You work in a checkout of the repository with the tools read_file, search_code, apply_patch, run_tests and list_files. ' +
  'First make a plan of at most six steps. Read before you write. Make the smallest change that does what was asked, in the style of the code around it. ' +
  'A bug gets a failing test first. Run the tests after each change, and stop when they pass; ask when the request cannot be met.';

export const REVIEWER_PROMPT =
  'You review a change before it is proposed. Look for wrong results, missing tests, names that mislead and needless code. Answer with "approve" or a list of findings.';
