// SPDX-License-Identifier: MIT
// tls_server.js SETTINGS - an HTTPS server for each; the answer tells of the connection
'use strict';
const fs = require('fs');
const https = require('https');

function answer(req, res) {
	const s = req.socket;
	const peer = s.getPeerCertificate().subject;

	res.setHeader('Connection', 'close');
	res.end([s.getProtocol().replace('TLSv', ''),
		s.getCipher().standardName.replace(/^TLS_/, ''),
		s.isSessionReused() ? 'yes' : 'no',
		s.authorized && peer ? `CN=${peer.CN}` : '-'].join(' ') + '\n');
}

for (const c of JSON.parse(process.argv[2])) {
	for (const name of ['key', 'cert', 'ca'])
		c[name] = fs.readFileSync(c[name]);
	c.sessionIdContext = String(c.port);
	https.createServer(c, answer).listen(c.port, '127.0.0.1');
}
