// main.go - a guest book in PostgreSQL: "migrate" makes its table, "serve" serves it.
//
// SPDX-License-Identifier: MIT
package main

import (
	"context"
	"database/sql"
	"encoding/json"
	"fmt"
	"log"
	"net/http"
	"net/url"
	"os"
	"os/signal"
	"strings"
	"syscall"
	"time"

	_ "github.com/lib/pq"
)

// open reads the password from a file, as entrypoint scripts do for DB_PASSWORD_FILE.
func open() (*sql.DB, error) {
	secret, err := os.ReadFile(os.Getenv("DB_PASSWORD_FILE"))
	if err != nil {
		return nil, fmt.Errorf("DB_PASSWORD_FILE: %w", err)
	}
	where := url.URL{
		Scheme: "postgres", Host: os.Getenv("DB_HOST"), Path: os.Getenv("DB_NAME"),
		User:     url.UserPassword(os.Getenv("DB_USER"), strings.TrimSpace(string(secret))),
		RawQuery: "sslmode=disable&connect_timeout=5",
	}
	return sql.Open("postgres", where.String())
}

func migrate(db *sql.DB) error {
	_, err := db.Exec(`CREATE TABLE IF NOT EXISTS entries (
		id serial PRIMARY KEY, name text NOT NULL, at timestamptz NOT NULL DEFAULT now())`)
	return err
}

type book struct{ db *sql.DB }

func fail(w http.ResponseWriter, err error) {
	log.Print(err)
	http.Error(w, "the database does not answer", http.StatusServiceUnavailable)
}

func (b book) list(w http.ResponseWriter, r *http.Request) {
	rows, err := b.db.QueryContext(r.Context(), "SELECT name FROM entries ORDER BY id")
	if err != nil {
		fail(w, err)
		return
	}
	defer rows.Close()
	names := []string{}
	for rows.Next() {
		var name string
		if err = rows.Scan(&name); err != nil {
			break
		}
		names = append(names, name)
	}
	if err == nil {
		err = rows.Err()
	}
	if err != nil {
		fail(w, err)
		return
	}
	json.NewEncoder(w).Encode(names)
}

func (b book) sign(w http.ResponseWriter, r *http.Request) {
	name := r.FormValue("name")
	if name == "" {
		http.Error(w, "name is missing", http.StatusBadRequest)
		return
	}
	_, err := b.db.ExecContext(r.Context(), "INSERT INTO entries (name) VALUES ($1)", name)
	if err != nil {
		fail(w, err)
		return
	}
	w.WriteHeader(http.StatusCreated)
}

func (b book) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	switch {
	case r.URL.Path != "/":
		http.NotFound(w, r)
	case r.Method == http.MethodGet:
		b.list(w, r)
	case r.Method == http.MethodPost:
		b.sign(w, r)
	default:
		http.Error(w, "GET or POST", http.StatusMethodNotAllowed)
	}
}

func serve(db *sql.DB) error {
	stop, end := signal.NotifyContext(context.Background(), syscall.SIGTERM)
	defer end()
	b := book{db}
	mux := http.NewServeMux()
	mux.Handle("/", b)
	mux.HandleFunc("/healthz", func(w http.ResponseWriter, _ *http.Request) {
		fmt.Fprintln(w, "ok")
	})
	server := &http.Server{Addr: ":8080", Handler: mux, ReadHeaderTimeout: 5 * time.Second}
	ended := make(chan error, 1)
	go func() { ended <- server.ListenAndServe() }()
	log.Print("listening on ", server.Addr, ", log level ", os.Getenv("LOG_LEVEL"))
	select {
	case err := <-ended:
		return err
	case <-stop.Done():
	}
	patience, cancel := context.WithTimeout(context.Background(), 5*time.Second)
	defer cancel()
	if err := server.Shutdown(patience); err != nil {
		return err
	}
	log.Print("stopped in order")
	return nil
}

func main() {
	commands := map[string]func(*sql.DB) error{"migrate": migrate, "serve": serve}
	if len(os.Args) != 2 || commands[os.Args[1]] == nil {
		log.Fatal("usage: app migrate|serve")
	}
	db, err := open()
	if err == nil {
		err = commands[os.Args[1]](db)
	}
	if err != nil {
		log.Fatal(os.Args[1], ": ", err)
	}
}
