// service.go - the static service of the container tests.
//
// Serves HTTP on $PORT, says what signals it gets, and ends by SIGTERM or SIGINT
// with the exit code $EXIT_CODE; with $IGNORE_TERM it stays, and the signal with
// the number $ENDS_BY ends it too. It takes the user $BECOME for good. Where it is
// given a notify socket it feeds that. On a terminal it also says how large that
// is, at first and whenever it changes. By a GET it has its troubles:
//
//	/die?n=N     sends itself the signal N
//	/worker?n=N  starts a child that takes N MiB of memory, and waits for its end
//	/fill        forks for as long as it may
//	/slow?n=N    answers after N milliseconds
//	/health      is ok, until /sick has been asked for; then /well mends it
//
// Else:
//
//	service exit N      only exits
//	service orphans N   leaves N children to init and exits
//	service sleep 0     does what every signal does by default
//	service die N       sends itself the signal N
//	service read 0      says what it reads, line by line
//	service eat N       takes N MiB of memory, and keeps them
//	service few N P...  becomes the program P..., with N descriptors at most
//
// SPDX-License-Identifier: MIT
package main

import (
	"bufio"
	"context"
	"fmt"
	"net"
	"net/http"
	"os"
	"os/exec"
	"os/signal"
	"strconv"
	"sync"
	"sync/atomic"
	"syscall"
	"time"
	"unsafe"
)

// rtmin3 is a signal without a name, SIGRTMIN+3 as docker counts them.
const rtmin3 = syscall.Signal(37)

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

func die(w http.ResponseWriter, r *http.Request) {
	syscall.Kill(os.Getpid(), syscall.Signal(number(r.URL.Query().Get("n"))))
	stay()
}

func worker(w http.ResponseWriter, r *http.Request) {
	child := run("eat", r.URL.Query().Get("n"))
	// Whatever else has grown by then: the kernel takes this one.
	score := fmt.Sprintf("/proc/%d/oom_score_adj", child.Process.Pid)
	if err := os.WriteFile(score, []byte("1000"), 0); err != nil {
		fmt.Println("service:", err)
	}
	fmt.Fprintln(w, "worker:", child.Wait())
}

// spare has n threads made. Go keeps them when they are idle; where it needs one
// more and gets none, it ends.
func spare(n int) {
	var ends [2]int
	var all sync.WaitGroup
	if err := syscall.Pipe(ends[:]); err != nil {
		fmt.Println("service:", err)
		os.Exit(93)
	}
	reading := make(chan bool)
	all.Add(n)
	for i := 0; i < n; i++ {
		go func() {
			reading <- true
			syscall.Read(ends[0], make([]byte, 1)) // holds its thread
			all.Done()
		}()
	}
	for i := 0; i < n; i++ {
		<-reading
	}
	syscall.Write(ends[1], make([]byte, n))
	all.Wait()
	syscall.Close(ends[0])
	syscall.Close(ends[1])
}

// fill forks until the kernel refuses. The children only wait for SIGKILL, each
// a single thread, as a Go program needs more.
func fill(w http.ResponseWriter, r *http.Request) {
	spare(8)
	n := 0
	for ; ; n++ {
		pid, _, failed := syscall.RawSyscall6(syscall.SYS_CLONE,
			uintptr(syscall.SIGCHLD), 0, 0, 0, 0, 0)
		if failed != 0 {
			fmt.Fprintln(w, n, "forked, then:", failed)
			return
		}
		for pid == 0 {
			syscall.RawSyscall6(syscall.SYS_PPOLL, 0, 0, 0, 0, 0, 0)
		}
	}
}

func slow(w http.ResponseWriter, r *http.Request) {
	time.Sleep(time.Duration(number(r.URL.Query().Get("n"))) * time.Millisecond)
}

// become takes a user's place for good, as setpriv or su-exec does.
func become(uid int) {
	if err := syscall.Setresuid(uid, uid, uid); err != nil {
		fmt.Println("service:", err)
		os.Exit(96)
	}
}

// feed says twice a second that the service is ready and well.
func feed(at string) {
	link, err := net.Dial("unixgram", at)
	if err != nil {
		fmt.Println("service:", err)
		os.Exit(95)
	}
	for ; ; time.Sleep(500 * time.Millisecond) {
		link.Write([]byte("READY=1\nWATCHDOG=1"))
	}
}

// tellTerminal says how large the terminal is, where there is one.
func tellTerminal() {
	var size struct{ rows, cols, x, y uint16 }
	_, _, err := syscall.Syscall(syscall.SYS_IOCTL, 0, syscall.TIOCGWINSZ,
		uintptr(unsafe.Pointer(&size)))
	if err == 0 {
		fmt.Printf("service: terminal %dx%d\n", size.rows, size.cols)
	}
}

// isSick is what /health answers, 503 or 200.
var isSick atomic.Value

func health(w http.ResponseWriter, r *http.Request) {
	if isSick.Load() == true {
		w.WriteHeader(http.StatusServiceUnavailable)
	}
	fmt.Fprintln(w, "sick:", isSick.Load() == true)
}

func ends(sig os.Signal) bool {
	return sig == syscall.SIGINT ||
		sig == syscall.Signal(number(os.Getenv("ENDS_BY"))) ||
		sig == syscall.SIGTERM && os.Getenv("IGNORE_TERM") == ""
}

func serve() {
	got := make(chan os.Signal, 16)
	signal.Notify(got, syscall.SIGTERM, syscall.SIGINT, syscall.SIGUSR1,
		syscall.SIGHUP, syscall.SIGWINCH, rtmin3)
	if other := number(os.Getenv("ENDS_BY")); other != 0 {
		signal.Notify(got, syscall.Signal(other))
	}
	if uid := os.Getenv("BECOME"); uid != "" {
		become(number(uid))
	}
	if at := os.Getenv("NOTIFY_SOCKET"); at != "" {
		go feed(at)
	}
	tellTerminal()
	http.HandleFunc("/", hello)
	http.HandleFunc("/orphans", orphans)
	http.HandleFunc("/die", die)
	http.HandleFunc("/worker", worker)
	http.HandleFunc("/fill", fill)
	http.HandleFunc("/slow", slow)
	http.HandleFunc("/health", health)
	http.HandleFunc("/sick", func(http.ResponseWriter, *http.Request) { isSick.Store(true) })
	http.HandleFunc("/well", func(http.ResponseWriter, *http.Request) { isSick.Store(false) })
	server := &http.Server{Addr: ":" + os.Getenv("PORT")}
	open, err := net.Listen("tcp", server.Addr)
	if err != nil {
		fmt.Println("service:", err)
		os.Exit(97)
	}
	go server.Serve(open)
	fmt.Println("service: serving on", server.Addr)
	for sig := range got {
		fmt.Println("service: got", sig)
		if sig == syscall.SIGWINCH {
			tellTerminal()
		}
		if ends(sig) {
			break
		}
	}
	server.Shutdown(context.Background())
	fmt.Println("service: ended in order")
	os.Exit(number(os.Getenv("EXIT_CODE")))
}

// stay waits for a signal that ends the program; a select would be a deadlock.
func stay() {
	for {
		syscall.Pause()
	}
}

// eat touches n MiB, page by page.
func eat(n int) {
	var kept [][]byte
	for ; n > 0; n-- {
		part := make([]byte, 1<<20)
		for i := 0; i < len(part); i += 4096 {
			part[i] = 1
		}
		kept = append(kept, part)
	}
	fmt.Println("service: ate", len(kept))
	stay()
}

// few becomes the program words with the numbers of descriptors below n.
func few(n int, words []string) {
	limit := syscall.Rlimit{Cur: uint64(n), Max: uint64(n)}
	if err := syscall.Setrlimit(syscall.RLIMIT_NOFILE, &limit); err == nil {
		err = syscall.Exec(words[0], words, os.Environ())
		fmt.Println("service:", err)
	}
	os.Exit(94)
}

func main() {
	if len(os.Args) < 3 {
		serve()
	}
	n := number(os.Args[2])
	switch os.Args[1] {
	case "exit":
		os.Exit(n)
	case "orphans":
		for ; n > 0; n-- {
			run("exit", "0")
		}
	case "sleep":
		fmt.Println("service: sleeping")
		stay()
	case "die":
		syscall.Kill(os.Getpid(), syscall.Signal(n))
		stay()
	case "read":
		for lines := bufio.NewScanner(os.Stdin); lines.Scan(); {
			fmt.Println("service: read", lines.Text())
		}
		fmt.Println("service: read end")
	case "eat":
		eat(n)
	case "few":
		few(n, os.Args[3:])
	}
}
