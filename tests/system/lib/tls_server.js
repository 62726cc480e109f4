// SPDX-License-Identifier: MIT
// tls_server.js SETTINGS - an HTTPS server for each
'use strict';
const crypto = require('crypto');
const fs = require('fs');
const https = require('https');

function about(s) {
	const peer = s.getPeerCertificate().subject;

	return [s.getProtocol().replace('TLSv', ''),
		s.getCipher().standardName.replace(/^TLS_/, ''),
		s.isSessionReused() ? 'yes' : 'no',
		s.authorized && peer ? `CN=${peer.CN}` : '-'].join(' ') + '\n';
}

// GET /big: that file; a request with a body: its digest; else of the connection.
function answer(home, req, res) {
	const digest = crypto.createHash('sha256');

	res.setHeader('Connection', 'close');
	if (req.url === '/big')
		return fs.createReadStream(`${home}/big`).pipe(res);
	req.on('data', (d) => digest.update(d));
	req.on('end', () => res.end(req.method === 'PUT' ?
		digest.digest('hex') : about(req.socket)));
}

for (const c of JSON.parse(process.argv[2])) {
	for (const name of ['key', 'cert', 'ca'])
		c[name] = fs.readFileSync(c[name]);
	c.sessionIdContext = String(c.port);
	https.createServer(c, answer.bind(null, c.home)).listen(c.port, '127.0.0.1');
}
