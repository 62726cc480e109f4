// service.go - the static service of the container tests.
//
// Serves HTTP on $PORT, says what signals it gets, and ends by SIGTERM with
// the exit code $EXIT_CODE; with $IGNORE_TERM it stays. As `service exit N` it
// only exits, as `service orphans N` it leaves N children to init and exits.
//
// SPDX-License-Identifier: MIT
package main

import (
	"context"
	"fmt"
	"net/http"
	"os"
	"os/exec"
	"os/signal"
	"strconv"
	"syscall"
)

// number reads s, which the tests write: a wrong one ends the service.
func number(s string) int {
	if s == "" {
		return 0
	}
	n, err := strconv.Atoi(s)
	if err != nil {
		fmt.Println("service:", err)
		os.Exit(99)
	}
	return n
}

// run starts this program again with other words.
func run(words ...string) *exec.Cmd {
	cmd := exec.Command("/service", words...)
	cmd.Stdout, cmd.Stderr = os.Stdout, os.Stderr
	if err := cmd.Start(); err != nil {
		fmt.Println("service:", err)
		os.Exit(98)
	}
	return cmd
}

func hello(w http.ResponseWriter, r *http.Request) {
	fmt.Fprintf(w, "hello from pid %d uid %d\n", os.Getpid(), os.Getuid())
}

func orphans(w http.ResponseWriter, r *http.Request) {
	err := run("orphans", r.URL.Query().Get("n")).Wait()
	fmt.Fprintln(w, "orphans left:", err)
}

func serve() {
	got := make(chan os.Signal, 16)
	signal.Notify(got, syscall.SIGTERM, syscall.SIGUSR1, syscall.SIGHUP)
	http.HandleFunc("/", hello)
	http.HandleFunc("/orphans", orphans)
	server := &http.Server{Addr: ":" + os.Getenv("PORT")}
	go func() {
		fmt.Println("service: serving on", server.Addr)
		if err := server.ListenAndServe(); err != http.ErrServerClosed {
			fmt.Println("service:", err)
			os.Exit(97)
		}
	}()
	for sig := range got {
		fmt.Println("service: got", sig)
		if sig == syscall.SIGTERM && os.Getenv("IGNORE_TERM") == "" {
			break
		}
	}
	server.Shutdown(context.Background())
	fmt.Println("service: ended in order")
	os.Exit(number(os.Getenv("EXIT_CODE")))
}

func main() {
	if len(os.Args) < 3 {
		serve()
	}
	n := number(os.Args[2])
	if os.Args[1] == "exit" {
		os.Exit(n)
	}
	for ; n > 0; n-- {
		run("exit", "0")
	}
}
