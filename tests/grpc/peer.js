// SPDX-License-Identifier: MIT
// peer VERB [FLAG...] [ARG...] - a gRPC client and health server of @grpc/grpc-js
//
// README.md beside this file lists the verbs, the flags and the lines that are
// printed. The messages are written by hand, so that no .proto file is needed.
'use strict';
const fs = require('fs');
const readline = require('readline');
const util = require('util');
const grpc = require('@grpc/grpc-js');

const HEALTH = '/grpc.health.v1.Health/';
const STATUSES = ['UNKNOWN', 'SERVING', 'NOT_SERVING', 'SERVICE_UNKNOWN'];
const text = (usual) => ({ type: 'string', default: usual });
const yes = { type: 'boolean', default: false };
const { values: flags, positionals } = util.parseArgs({
	allowPositionals: true,
	options: {
		timeout: text('0'), agent: text(''), authority: text(''), method: text(''),
		ca: text(''), cert: text(''), key: text(''), error: text(''),
		address: text('127.0.0.1:0'), metadata: text('0'), n: text('1'),
		parallel: text('1'), connections: text('1'), changes: text('1'),
		service: { type: 'string', multiple: true, default: [] },
		'no-block': yes, gzip: yes, 'one-connection': yes, 'any-cert': yes,
		'no-health': yes, silent: yes,
	},
});
const [verb, target = '', service = '', more = ''] = positionals;

const say = (...words) => console.log(words.join(' '));

// Messages. same() takes bytes for a message, both ways.

const same = (bytes) => bytes;

// A field of bytes, of less than 16 KB.
function field(number, data) {
	const n = data.length;
	const length = n < 128 ? [n] : [n & 127 | 128, n >> 7];

	return Buffer.concat([Buffer.from([number << 3 | 2, ...length]), data]);
}

const request = (name) => name ? field(1, Buffer.from(name)) : Buffer.alloc(0);

// A request has no other field.
const serviceOf = (bytes) => bytes.subarray(bytes[1] < 128 ? 2 : 3).toString();

const answer = (status) =>
	Buffer.from(status === 'UNKNOWN' ? [] : [8, STATUSES.indexOf(status)]);

const statusOf = (bytes) => STATUSES[bytes[1] || 0] || String(bytes[1]);

// The client

// 1.5s, 200ms or 0, as Go writes a duration.
const timeoutMs = parseFloat(flags.timeout) * (flags.timeout.endsWith('ms') ? 1 : 1000);
const deadline = () => timeoutMs ? Date.now() + timeoutMs : Infinity;
const CONNECT_MS = 3600000;	// node ends while one waits for ever, as that is no work

function end(error) {
	const words = error.details.split(/\s+/).filter((word) => word);

	return ['end', grpc.status[error.code], ...words].join(' ');
}

function credentials() {
	const ca = flags.ca ? fs.readFileSync(flags.ca) : null;

	if (!ca && !flags['any-cert'])
		return grpc.credentials.createInsecure();
	return grpc.credentials.createSsl(ca, null, null,
		{ rejectUnauthorized: !flags['any-cert'] });
}

class Unreachable extends Error {}

// A client with a connection of its own, and ready; throws Unreachable otherwise.
async function connect(until) {
	const options = { 'grpc.use_local_subchannel_pool': 1, 'grpc.enable_http_proxy': 0 };

	if (flags.agent)
		options['grpc.primary_user_agent'] = flags.agent;
	if (flags.authority)
		options['grpc.default_authority'] = flags.authority;
	if (flags.gzip)
		options['grpc.default_compression_algorithm'] = 2;

	const client = new grpc.Client(target, credentials(), options);

	if (!flags['no-block']) {
		try {
			await util.promisify(client.waitForReady.bind(client))(
				Math.min(until, Date.now() + CONNECT_MS));
		} catch (error) {
			client.close();
			throw new Unreachable(error.message);
		}
	}
	return client;
}

function metadata() {
	const m = new grpc.Metadata();

	if (+flags.metadata)
		m.set('x-filler', 'x'.repeat(+flags.metadata));
	return m;
}

const checkOn = (client, until) => new Promise((resolve) => {
	client.makeUnaryRequest(flags.method || `${HEALTH}Check`, same, same, request(service),
		metadata(), { deadline: until }, (error, bytes) => {
			resolve(error ? end(error) : `status ${statusOf(bytes)}`);
		});
});

async function checkOnce() {
	const until = deadline();
	let client;

	try {
		client = await connect(until);
	} catch (error) {
		return `unreachable ${error.message}`;
	}

	const line = await checkOn(client, until);

	client.close();
	return line;
}

function sayCounted(lines) {
	const counts = new Map();

	for (const line of lines)
		counts.set(line, (counts.get(line) || 0) + 1);
	for (const [line, count] of counts)
		say(...(count > 1 ? [count] : []), line);
}

async function check() {
	const client = flags['one-connection'] && await connect(deadline());
	const lines = [];
	let left = +flags.n, slowest = 0;
	const worker = async () => {
		while (left-- > 0) {
			const start = performance.now();

			lines.push(await (client ? checkOn(client, deadline()) : checkOnce()));
			slowest = Math.max(slowest, performance.now() - start);
		}
	};

	await Promise.all(Array.from({ length: +flags.parallel }, worker));
	sayCounted(lines);
	say('slowest', slowest.toFixed(3));
	if (client)
		client.close();
}

// Calls got with each answer's bytes; resolves to the line for the end.
const stream = (client, method, bytes, got) => new Promise((resolve) => {
	const call = client.makeServerStreamRequest(method, same, same, bytes, metadata(),
		{ deadline: deadline() });

	call.on('data', got);
	call.on('error', (error) => resolve(end(error)));
	call.on('end', () => resolve('end OK'));	// after an error this comes too late
});

const watchOn = (client, got) => stream(client, flags.method || `${HEALTH}Watch`,
	request(service), (bytes) => got(statusOf(bytes)));

async function watch() {
	const client = await connect(deadline());

	say(await watchOn(client, (status) => say('status', status)));
	client.close();
}

async function call() {
	const client = await connect(deadline());

	say(await stream(client, service, Buffer.from(more, 'hex'),
		(bytes) => say('answer', bytes.toString('hex'))));
	client.close();
}

async function streams() {
	const count = +more, rounds = [], clients = [];
	const now = () => performance.timeOrigin + performance.now();

	for (let i = 0; i < +flags.connections; i++)
		clients.push(await connect(deadline()));

	const told = (nth, status) => {
		rounds[nth] ||= { status, count: 0, first: now() };

		const round = rounds[nth];

		if (round.status !== status)
			round.status = 'MIXED';
		round.last = now();
		if (++round.count < count)
			return;
		if (nth === 0)
			return say('ready', count);
		say('told', count, round.status, (round.last - round.first).toFixed(3),
			(round.first / 1000).toFixed(6), (round.last / 1000).toFixed(6));
		if (nth === +flags.changes)
			process.exit(0);
	};

	sayCounted(await Promise.all(Array.from({ length: count }, (_, i) => {
		let nth = 0;

		return watchOn(clients[i % clients.length], (status) => told(nth++, status));
	})));
	process.exit(0);
}

// The server

const statuses = new Map([['', 'SERVING']]);
const watching = new Set();

function set(name, status) {
	if (!STATUSES.includes(status))
		throw new Error(`there is no status ${status}`);
	statuses.set(name, status);
	for (const tell of watching)
		tell();
}

// What each call meets first: true if that was all.
function gate(refuse) {
	if (flags.error)
		refuse({ code: grpc.status[flags.error], details: 'refused by the test' });
	return flags.silent || flags.error;
}

function onCheck(call, done) {
	const status = statuses.get(serviceOf(call.request));

	if (gate(done))
		return;
	if (!status)
		return done({ code: grpc.status.NOT_FOUND, details: 'unknown service' });
	done(null, answer(status));
}

function onList(_call, done) {
	if (!gate(done))
		done(null, Buffer.concat([...statuses].map(([name, status]) =>
			field(1, Buffer.concat([request(name), field(2, answer(status))])))));
}

function onWatch(call) {
	const name = serviceOf(call.request);
	let last;
	const tell = () => {
		const now = statuses.get(name) || 'SERVICE_UNKNOWN';

		if (now !== last)
			call.write(answer(last = now));
	};

	if (gate((error) => call.emit('error', error)))
		return;
	watching.add(tell);
	call.on('cancelled', () => watching.delete(tell));
	tell();
}

function method(name, responseStream) {
	return { path: HEALTH + name, requestStream: false, responseStream,
		requestSerialize: same, requestDeserialize: same,
		responseSerialize: same, responseDeserialize: same };
}

function serve() {
	const server = new grpc.Server();
	const secure = flags.cert ? grpc.ServerCredentials.createSsl(null, [{
		private_key: fs.readFileSync(flags.key), cert_chain: fs.readFileSync(flags.cert),
	}]) : grpc.ServerCredentials.createInsecure();

	for (const word of flags.service)
		set(word.slice(0, word.lastIndexOf('=')), word.slice(word.lastIndexOf('=') + 1));
	if (!flags['no-health'])
		server.addService({ check: method('Check', false), list: method('List', false),
			watch: method('Watch', true) },
		{ check: onCheck, list: onList, watch: onWatch });
	server.bindAsync(flags.address, secure, (error, port) => {
		if (error)
			throw error;
		say('port', port);
		readline.createInterface({ input: process.stdin }).on('line', (line) => {
			if (line === 'shutdown')
				server.tryShutdown(() => {});
			else
				set(line.slice(0, line.lastIndexOf(' ')),
					line.slice(line.lastIndexOf(' ') + 1));
			say('set', line);
		}).on('close', () => process.exit(0));
	});
}

const version = () => say('@grpc/grpc-js', require('@grpc/grpc-js/package.json').version);

const verbs = { check, watch, streams, call, serve, version };

if (!verbs[verb]) {
	console.error(`peer: there is no verb ${verb}`);
	process.exit(2);
}
Promise.resolve(verbs[verb]()).catch((error) => {
	if (!(error instanceof Unreachable))
		throw error;
	say('unreachable', error.message);
});
