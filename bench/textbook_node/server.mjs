// SPDX-License-Identifier: MIT
// The textbook service: an order is five transactions (create, reserve, authorize, complete, commit), each durable
// before the next, with an outbox row that the next step deletes. Best practice for one Node process on SQLite: the
// plain http module, better-sqlite3 with prepared statements, WAL, synchronous=FULL, a large cache, the outbox drained at once and not by
// polling. An order is answered when it is completed. server.mjs FILE PORT SKUS
import http from 'node:http';
import { randomUUID } from 'node:crypto';
import Database from 'better-sqlite3';

const [file, port, skus] = [process.argv[2], Number(process.argv[3]), Number(process.argv[4])];
const db = new Database(file);
db.pragma('journal_mode = WAL');
db.pragma('synchronous = FULL');
db.pragma('cache_size = -65536');
db.pragma('wal_autocheckpoint = 4000');
db.exec(`
CREATE TABLE IF NOT EXISTS stock(sku TEXT PRIMARY KEY, price INTEGER, available INTEGER, reserved INTEGER, sold INTEGER);
CREATE TABLE IF NOT EXISTS orders(id TEXT PRIMARY KEY, customer TEXT, status TEXT, total INTEGER, key TEXT UNIQUE, created INTEGER);
CREATE TABLE IF NOT EXISTS lines(order_id TEXT, sku TEXT, quantity INTEGER, price INTEGER, PRIMARY KEY(order_id, sku)) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS payments(order_id TEXT PRIMARY KEY, status TEXT, amount INTEGER);
CREATE TABLE IF NOT EXISTS outbox(id INTEGER PRIMARY KEY AUTOINCREMENT, kind TEXT, order_id TEXT, payload TEXT);`);
db.transaction(() => {
    const put = db.prepare('INSERT OR IGNORE INTO stock VALUES(?, ?, 1000000000, 0, 0)');
    for (let i = 0; i < skus; i++) put.run(`sku-${String(i).padStart(5, '0')}`, 100 + i);
})();

const price = db.prepare('SELECT price FROM stock WHERE sku = ?').pluck();
const known = db.prepare('SELECT id FROM orders WHERE key = ?').pluck();
const putOrder = db.prepare("INSERT INTO orders VALUES(?, ?, 'PENDING', ?, ?, ?)");
const putLine = db.prepare('INSERT INTO lines VALUES(?, ?, ?, ?)');
const putEvent = db.prepare('INSERT INTO outbox(kind, order_id, payload) VALUES(?, ?, ?)');
const dropEvent = db.prepare('DELETE FROM outbox WHERE id = ?');
const linesOf = db.prepare('SELECT sku, quantity FROM lines WHERE order_id = ?');
const reserve = db.prepare('UPDATE stock SET available = available - ?, reserved = reserved + ? WHERE sku = ? AND available >= ?');
const sell = db.prepare('UPDATE stock SET reserved = reserved - ?, sold = sold + ? WHERE sku = ?');
const setStatus = db.prepare('UPDATE orders SET status = ? WHERE id = ?');
const totalOf = db.prepare('SELECT total FROM orders WHERE id = ?').pluck();
const putPayment = db.prepare("INSERT INTO payments VALUES(?, 'AUTHORIZED', ?)");
const setPayment = db.prepare("UPDATE payments SET status = 'CAPTURED' WHERE order_id = ?");
const getOrder = db.prepare('SELECT * FROM orders WHERE id = ?');
const nextEvent = db.prepare('SELECT * FROM outbox ORDER BY id LIMIT 64');

const steps = {
    'order.created': db.transaction((event) => {
        for (const line of linesOf.all(event.order_id)) {
            if (reserve.run(line.quantity, line.quantity, line.sku, line.quantity).changes !== 1) throw new Error('short');
        }
        setStatus.run('RESERVED', event.order_id);
        putEvent.run('inventory.reserved', event.order_id, event.payload);
        dropEvent.run(event.id);
    }),
    'inventory.reserved': db.transaction((event) => {
        putPayment.run(event.order_id, totalOf.get(event.order_id));
        putEvent.run('payment.authorized', event.order_id, event.payload);
        dropEvent.run(event.id);
    }),
    'payment.authorized': db.transaction((event) => {
        setStatus.run('COMPLETED', event.order_id);
        putEvent.run('order.completed', event.order_id, event.payload);
        dropEvent.run(event.id);
    }),
    'order.completed': db.transaction((event) => {
        for (const line of linesOf.all(event.order_id)) sell.run(line.quantity, line.quantity, line.sku);
        setPayment.run(event.order_id);
        dropEvent.run(event.id);
    }),
};

const create = db.transaction((key, body) => {
    const found = known.get(key);
    if (found) return found;
    const id = randomUUID();
    let total = 0;
    const lines = body.lines.map((line) => ({ ...line, price: price.get(line.sku) }));
    for (const line of lines) total += line.price * line.quantity;
    putOrder.run(id, body.customer ?? 'anonymous', total, key, Date.now());
    for (const line of lines) putLine.run(id, line.sku, line.quantity, line.price);
    putEvent.run('order.created', id, JSON.stringify({ order_id: id, lines, total }));
    return id;
});

const waiting = new Map();
let isDraining = false;

function drain() {
    const events = nextEvent.all();
    for (const event of events) {
        steps[event.kind](event);
        const answer = event.kind === 'order.completed' && waiting.get(event.order_id);
        if (answer) {
            waiting.delete(event.order_id);
            const text = JSON.stringify(getOrder.get(event.order_id));
            answer.writeHead(201, { 'Content-Type': 'application/json', 'Content-Length': Buffer.byteLength(text) });
            answer.end(text);
        }
    }
    isDraining = events.length > 0;
    if (isDraining) setImmediate(drain);
}

http.createServer((request, answer) => {
    if (request.method === 'GET') {
        answer.writeHead(200, { 'Content-Length': 2 });
        answer.end('ok');
        return;
    }
    const pieces = [];
    request.on('data', (piece) => pieces.push(piece));
    request.on('end', () => {
        const id = create(request.headers['idempotency-key'], JSON.parse(Buffer.concat(pieces).toString()));
        waiting.set(id, answer);
        if (!isDraining) {
            isDraining = true;
            setImmediate(drain);
        }
    });
}).listen(port, '127.0.0.1');
