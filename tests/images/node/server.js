// server.js - a list of things to do, kept in memory.
//
// SPDX-License-Identifier: MIT
import express from 'express';

const port = process.env.PORT ?? 3000;
const todos = new Map();
let last = 0;

const app = express();
app.disable('x-powered-by');
app.use(express.json({ limit: '10kb' }));
app.get('/healthz', (req, res) => res.send('ok\n'));
app.get('/todos', (req, res) => res.json([...todos.values()]));
app.post('/todos', (req, res) => {
	const text = req.body?.text;
	if (typeof text !== 'string' || text === '')
		return res.status(400).json({ error: 'text is missing' });
	const todo = { id: ++last, text };
	todos.set(todo.id, todo);
	res.status(201).json(todo);
});
app.delete('/todos/:id', (req, res) => {
	res.sendStatus(todos.delete(Number(req.params.id)) ? 204 : 404);
});
app.use((err, req, res, next) => {
	res.status(err.status ?? 500).json({ error: err.message });
});

const server = app.listen(port, (err) => {
	if (err)
		throw err;
	console.log(`listening on ${port}`);
});
process.once('SIGTERM', () => {
	server.close(() => console.log('stopped in order'));
});
