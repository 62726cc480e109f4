// tls13.go - an HTTPS server that speaks TLS 1.3 and nothing older.
//
// Serves on port 8443 with the chain /tls/cert.pem and the key /tls/key.pem. It
// answers with the protocol's version, and logs what keeps a client out.
//
// SPDX-License-Identifier: MIT
package main

import (
	"crypto/tls"
	"fmt"
	"net"
	"net/http"
	"os"
)

func answer(w http.ResponseWriter, r *http.Request) {
	version := "another version"
	if r.TLS.Version == tls.VersionTLS13 {
		version = "TLS 1.3"
	}
	fmt.Fprintf(w, "%s for %s\n", version, r.TLS.ServerName)
}

func main() {
	server := http.Server{
		Handler:   http.HandlerFunc(answer),
		TLSConfig: &tls.Config{MinVersion: tls.VersionTLS13},
	}
	at, err := net.Listen("tcp", ":8443")
	if err == nil {
		fmt.Println("tls13: serving")
		err = server.ServeTLS(at, "/tls/cert.pem", "/tls/key.pem")
	}
	fmt.Println("tls13:", err)
	os.Exit(1)
}
