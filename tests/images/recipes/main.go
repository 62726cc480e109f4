// main.go - the service of the recipes: a web server with jobs beside it.
//
//	app [serve]     HTTP on 8080, or HTTPS on 8443 with $TLS_CERT and $TLS_KEY
//	app migrate [N] a job that ends by itself, with 3 if N is not a number
//	app get URL     what a GET answers
//	app whoami      user, name and home, where it writes a file
//	app owner UID   the name of a user
//	app env         what it was given
//	app --version
//
// SPDX-License-Identifier: MIT
package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log"
	"net/http"
	"os"
	"os/signal"
	"os/user"
	"strconv"
	"syscall"
	"time"
)

func serve() error {
	stop, end := signal.NotifyContext(context.Background(), syscall.SIGTERM, os.Interrupt)
	defer end()
	http.HandleFunc("/", func(w http.ResponseWriter, _ *http.Request) {
		io.WriteString(w, "hello\n")
	})
	http.HandleFunc("/healthz", func(w http.ResponseWriter, _ *http.Request) {
		io.WriteString(w, "ok\n")
	})
	server := &http.Server{Addr: ":8080", ReadHeaderTimeout: 5 * time.Second}
	listen := server.ListenAndServe
	if cert := os.Getenv("TLS_CERT"); cert != "" {
		server.Addr = ":8443"
		listen = func() error { return server.ListenAndServeTLS(cert, os.Getenv("TLS_KEY")) }
	}
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		<-stop.Done()
		late, cancel := context.WithTimeout(context.Background(), 5*time.Second)
		defer cancel()
		if err := server.Shutdown(late); err != nil {
			log.Print("requests were cut: ", err)
		}
	}()
	log.Print("listening on ", server.Addr)
	if err := listen(); !errors.Is(err, http.ErrServerClosed) {
		return err
	}
	<-ended // ListenAndServe returns when Shutdown begins
	log.Print("stopped in order")
	return nil
}

func migrate(words []string) error {
	to := 7
	if len(words) > 0 {
		var err error
		if to, err = strconv.Atoi(words[0]); err != nil {
			log.Print(err)
			os.Exit(3)
		}
	}
	fmt.Println("migrated to", to)
	return nil
}

func get(words []string) error {
	if len(words) != 1 {
		return errors.New("usage: app get URL")
	}
	client := http.Client{Timeout: 5 * time.Second}
	answer, err := client.Get(words[0])
	if err != nil {
		return err
	}
	defer answer.Body.Close()
	_, err = io.Copy(os.Stdout, answer.Body)
	return err
}

func whoami() error {
	me, err := user.Current()
	if err != nil {
		return err
	}
	if err := os.WriteFile(me.HomeDir+"/.state", nil, 0o600); err != nil {
		return err
	}
	fmt.Println(me.Uid, me.Username, me.HomeDir)
	return nil
}

func owner(words []string) error {
	if len(words) != 1 {
		return errors.New("usage: app owner UID")
	}
	who, err := user.LookupId(words[0])
	if err != nil {
		return err
	}
	fmt.Println(who.Username)
	return nil
}

func run(words []string) error {
	switch words[0] {
	case "serve":
		return serve()
	case "migrate":
		return migrate(words[1:])
	case "get":
		return get(words[1:])
	case "whoami":
		return whoami()
	case "owner":
		return owner(words[1:])
	case "env":
		for _, line := range os.Environ() {
			fmt.Println(line)
		}
		return nil
	case "--version":
		fmt.Println("app 2.1.0")
		return nil
	}
	return errors.New("usage: app [serve|migrate|get URL|whoami|owner UID|env|--version]")
}

func main() {
	words := os.Args[1:]
	if len(words) == 0 {
		words = []string{"serve"}
	}
	if err := run(words); err != nil {
		log.Fatal(err)
	}
}
