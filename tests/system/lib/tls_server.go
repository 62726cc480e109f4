// SPDX-License-Identifier: MIT

// tls_server SETTINGS - a TLS server for each, which answers one request in
// HTTP/1.0: of /big with that file, else with what it knows of the connection.
package main

import (
	"bufio"
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
	"fmt"
	"os"
	"strings"
)

type setting struct {
	Port                                                 int
	Key, Cert, Ca, Low, High, Suite, Group, Client, Home string
}

var versions = map[string]uint16{"1.2": tls.VersionTLS12, "1.3": tls.VersionTLS13}
var names = map[uint16]string{tls.VersionTLS12: "1.2", tls.VersionTLS13: "1.3"}
var groups = map[string]tls.CurveID{"X25519": tls.X25519, "P-256": tls.CurveP256,
	"P-384": tls.CurveP384, "P-521": tls.CurveP521}
var clients = map[string]tls.ClientAuthType{"": tls.NoClientCert,
	"required": tls.RequireAndVerifyClientCert, "optional": tls.VerifyClientCertIfGiven}

func must(err error) {
	if err != nil {
		panic(err)
	}
}

func config(s setting) *tls.Config {
	cert, err := tls.LoadX509KeyPair(s.Cert, s.Key)
	must(err)
	ca, err := os.ReadFile(s.Ca)
	must(err)
	c := &tls.Config{Certificates: []tls.Certificate{cert}, ClientCAs: x509.NewCertPool(),
		MinVersion: versions[s.Low], MaxVersion: versions[s.High],
		ClientAuth: clients[s.Client], NextProtos: []string{"h2", "http/1.1"}}
	c.ClientCAs.AppendCertsFromPEM(ca)
	for _, suite := range tls.CipherSuites() {
		// Go has its own names for two of them.
		if suite.Name == s.Suite || suite.Name+"_SHA256" == s.Suite {
			c.CipherSuites = []uint16{suite.ID}
		}
	}
	if s.Group != "" {
		c.CurvePreferences = []tls.CurveID{groups[s.Group]}
	}
	return c
}

func about(peer *tls.Conn) string {
	state := peer.ConnectionState()
	reused, name := "no", "-"
	if state.DidResume {
		reused = "yes"
	}
	if len(state.PeerCertificates) > 0 {
		name = state.PeerCertificates[0].Subject.String()
	}
	return fmt.Sprintf("%s %s %s %s\n", names[state.Version],
		strings.TrimPrefix(tls.CipherSuiteName(state.CipherSuite), "TLS_"), reused, name)
}

func serve(peer *tls.Conn, big []byte) {
	defer peer.Close()
	r := bufio.NewReader(peer)
	first := ""
	for line := "-"; line != "\r\n"; {
		var err error
		if line, err = r.ReadString('\n'); err != nil {
			fmt.Fprintln(os.Stderr, err)
			return
		}
		first += line
	}
	body := big
	if !strings.Contains(first, " /big ") {
		body = []byte(about(peer))
	}
	peer.Write(append([]byte("HTTP/1.0 200 OK\r\n\r\n"), body...))
}

func main() {
	var settings []setting
	must(json.Unmarshal([]byte(os.Args[1]), &settings))
	for _, s := range settings {
		listener, err := tls.Listen("tcp", fmt.Sprintf("127.0.0.1:%d", s.Port), config(s))
		must(err)
		big, err := os.ReadFile(s.Home + "/big")
		must(err)
		go func() {
			for {
				peer, err := listener.Accept()
				must(err)
				go serve(peer.(*tls.Conn), big)
			}
		}()
	}
	select {}
}
