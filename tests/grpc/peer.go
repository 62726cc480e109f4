// SPDX-License-Identifier: MIT

// peer VERB [FLAG...] [ARG...] - a gRPC client and health server of grpc-go.
//
// tests/grpc/README.md lists the verbs, the flags and the lines that are printed;
// peer.py and peer.js have the same. It builds with grpc-go 1.33 and with 1.81.
package main

import (
	"bufio"
	"context"
	"crypto/tls"
	"crypto/x509"
	"encoding/hex"
	"flag"
	"fmt"
	"io"
	"net"
	"os"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/credentials"
	"google.golang.org/grpc/encoding/gzip"
	"google.golang.org/grpc/health"
	pb "google.golang.org/grpc/health/grpc_health_v1"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/status"
)

const service = "/grpc.health.v1.Health/"

// By number; Go's own names are written in another way.
var codeNames = strings.Fields(`OK CANCELLED UNKNOWN INVALID_ARGUMENT DEADLINE_EXCEEDED
	NOT_FOUND ALREADY_EXISTS PERMISSION_DENIED RESOURCE_EXHAUSTED FAILED_PRECONDITION
	ABORTED OUT_OF_RANGE UNIMPLEMENTED INTERNAL UNAVAILABLE DATA_LOSS UNAUTHENTICATED`)

var (
	timeout     = flag.Duration("timeout", 0, "of a call, its connection included; 0: none")
	agent       = flag.String("agent", "kube-probe/1.31", "user agent")
	noBlock     = flag.Bool("no-block", false, "call before the connection is ready")
	filler      = flag.Int("metadata", 0, "bytes of metadata to send")
	compressed  = flag.Bool("gzip", false, "compress the messages")
	method      = flag.String("method", "", "method to call, such as /a.B/C")
	authority   = flag.String("authority", "", "value of :authority")
	ca          = flag.String("ca", "", "use TLS and verify it by this file")
	anyCert     = flag.Bool("any-cert", false, "use TLS and verify nothing")
	calls       = flag.Int("n", 1, "number of checks")
	parallel    = flag.Int("parallel", 1, "checks under way at a time")
	gap         = flag.Duration("gap", 0, "to wait ahead of each check")
	oneConn     = flag.Bool("one-connection", false, "do all checks on one connection")
	connections = flag.Int("connections", 1, "connections that carry the streams")
	changes     = flag.Int("changes", 1, "changes to wait for; 0: to the streams' end")

	address  = flag.String("address", "127.0.0.1:0", "where to serve")
	cert     = flag.String("cert", "", "serve by TLS with this chain")
	key      = flag.String("key", "", "key of the chain")
	noHealth = flag.Bool("no-health", false, "serve without the health service")
	silent   = flag.Bool("silent", false, "never answer a call")
	refuse   = flag.String("error", "", "answer each call with this code")
	log      = flag.Bool("log", false, "print what came with each call")
	services many
)

type many []string

func (m *many) String() string { return strings.Join(*m, " ") }

func (m *many) Set(word string) error {
	*m = append(*m, word)
	return nil
}

func fail(words ...interface{}) {
	fmt.Fprintln(os.Stderr, append([]interface{}{"peer:"}, words...)...)
	os.Exit(2)
}

func must(err error) {
	if err != nil {
		fail(err)
	}
}

// The line for a call's end.
func end(err error) string {
	s := status.Convert(err)
	name := fmt.Sprint(uint32(s.Code()))
	if int(s.Code()) < len(codeNames) {
		name = codeNames[s.Code()]
	}
	return strings.TrimRight("end "+name+" "+strings.Join(strings.Fields(s.Message()), " "), " ")
}

// outcomes counts equal lines.
type outcomes struct {
	mu    sync.Mutex
	lines []string
	count map[string]int
}

func (o *outcomes) add(line string) {
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.count == nil {
		o.count = map[string]int{}
	}
	if o.count[line]++; o.count[line] == 1 {
		o.lines = append(o.lines, line)
	}
}

func (o *outcomes) print() {
	for _, line := range o.lines {
		if n := o.count[line]; n > 1 {
			fmt.Print(n, " ")
		}
		fmt.Println(line)
	}
}

// The client

var dials int64

func dialer(ctx context.Context, to string) (net.Conn, error) {
	atomic.AddInt64(&dials, 1)
	return (&net.Dialer{}).DialContext(ctx, "tcp", to)
}

func security() grpc.DialOption {
	if *ca == "" && !*anyCert {
		return grpc.WithInsecure()
	}
	config := &tls.Config{InsecureSkipVerify: *anyCert}
	if *ca != "" {
		pem, err := os.ReadFile(*ca)
		must(err)
		config.RootCAs = x509.NewCertPool()
		config.RootCAs.AppendCertsFromPEM(pem)
	}
	return grpc.WithTransportCredentials(credentials.NewTLS(config))
}

func dial(ctx context.Context, target string) (*grpc.ClientConn, error) {
	options := []grpc.DialOption{security(), grpc.WithUserAgent(*agent),
		grpc.WithContextDialer(dialer)}
	if !*noBlock {
		options = append(options, grpc.WithBlock())
	}
	if *authority != "" {
		options = append(options, grpc.WithAuthority(*authority))
	}
	if *compressed {
		options = append(options, grpc.WithDefaultCallOptions(grpc.UseCompressor(gzip.Name)))
	}
	return grpc.DialContext(ctx, target, options...)
}

// Connects, or says why not and returns nil.
func connected(ctx context.Context, target string) *grpc.ClientConn {
	conn, err := dial(ctx, target)
	if err != nil {
		fmt.Println("unreachable", err)
		return nil
	}
	return conn
}

func deadline() (context.Context, context.CancelFunc) {
	ctx := context.Background()
	if *filler > 0 {
		ctx = metadata.AppendToOutgoingContext(ctx, "x-filler", strings.Repeat("x", *filler))
	}
	if *timeout == 0 {
		return context.WithCancel(ctx)
	}
	return context.WithTimeout(ctx, *timeout)
}

func asked(usual string) string {
	if *method != "" {
		return *method
	}
	return service + usual
}

func checkOn(ctx context.Context, conn *grpc.ClientConn, name string) string {
	answer := &pb.HealthCheckResponse{}
	err := conn.Invoke(ctx, asked("Check"), &pb.HealthCheckRequest{Service: name}, answer)
	if err != nil {
		return end(err)
	}
	return "status " + answer.Status.String()
}

// As the kubelet does it: a new connection, whose time counts.
func checkOnce(target, name string) string {
	ctx, cancel := deadline()
	defer cancel()
	conn, err := dial(ctx, target)
	if err != nil {
		return "unreachable " + err.Error()
	}
	defer conn.Close()
	return checkOn(ctx, conn, name)
}

func check(target, name string) {
	once := func() string { return checkOnce(target, name) }
	if *oneConn {
		ctx, cancel := deadline()
		defer cancel()
		conn := connected(ctx, target)
		if conn == nil {
			return
		}
		defer conn.Close()
		once = func() string {
			ctx, cancel := deadline()
			defer cancel()
			return checkOn(ctx, conn, name)
		}
	}
	var all outcomes
	var wait sync.WaitGroup
	var mu sync.Mutex
	var slowest time.Duration
	left := int64(*calls)
	for i := 0; i < *parallel; i++ {
		wait.Add(1)
		go func() {
			defer wait.Done()
			for atomic.AddInt64(&left, -1) >= 0 {
				time.Sleep(*gap)
				start := time.Now()
				all.add(once())
				took := time.Since(start)
				mu.Lock()
				if took > slowest {
					slowest = took
				}
				mu.Unlock()
			}
		}()
	}
	wait.Wait()
	all.print()
	fmt.Printf("slowest %.3f\n", milliseconds(slowest))
	fmt.Println("dials", atomic.LoadInt64(&dials))
}

func milliseconds(d time.Duration) float64 { return d.Seconds() * 1000 }

var streamed = &grpc.StreamDesc{ServerStreams: true}

// Sends one message; each answer goes to got. Returns the line for the end.
func stream(ctx context.Context, conn *grpc.ClientConn, path string, message, answer interface{},
	got func(), options ...grpc.CallOption) string {
	s, err := conn.NewStream(ctx, streamed, path, options...)
	if err != nil {
		return end(err)
	}
	if err = s.SendMsg(message); err != nil && err != io.EOF {
		return end(err)
	}
	must(s.CloseSend())
	for {
		if err = s.RecvMsg(answer); err == io.EOF {
			return "end OK"
		} else if err != nil {
			return end(err)
		}
		got()
	}
}

func watch(target, name string) {
	ctx, cancel := deadline()
	defer cancel()
	if conn := connected(ctx, target); conn != nil {
		answer := &pb.HealthCheckResponse{}
		fmt.Println(stream(ctx, conn, asked("Watch"), &pb.HealthCheckRequest{Service: name},
			answer, func() { fmt.Println("status", answer.Status) }))
	}
}

// raw passes bytes on as they are. Its name makes the type application/grpc+proto.
type raw struct{}

func (raw) Marshal(v interface{}) ([]byte, error) { return *v.(*[]byte), nil }

func (raw) Unmarshal(data []byte, v interface{}) error {
	*v.(*[]byte) = append([]byte(nil), data...)
	return nil
}

func (raw) Name() string { return "proto" }

func call(target, path, message string) {
	sent, err := hex.DecodeString(message)
	must(err)
	ctx, cancel := deadline()
	defer cancel()
	if conn := connected(ctx, target); conn != nil {
		var answer []byte
		fmt.Println(stream(ctx, conn, path, &sent, &answer,
			func() { fmt.Printf("answer %x\n", answer) }, grpc.ForceCodec(raw{})))
	}
}

// round is what all streams have been told as their nth status.
type round struct {
	status      string
	count       int
	first, last time.Time
}

type rounds struct {
	mu      sync.Mutex
	streams int
	all     []*round
	done    chan struct{}
}

func (r *rounds) told(nth int, status string) {
	now := time.Now()
	r.mu.Lock()
	defer r.mu.Unlock()
	if nth == len(r.all) {
		r.all = append(r.all, &round{status: status, first: now})
	}
	this := r.all[nth]
	if this.status != status {
		this.status = "MIXED"
	}
	this.last = now
	if this.count++; this.count < r.streams {
		return
	}
	if nth == 0 {
		fmt.Println("ready", r.streams)
		return
	}
	fmt.Printf("told %d %s %.3f %.6f %.6f\n", r.streams, this.status,
		milliseconds(this.last.Sub(this.first)), seconds(this.first), seconds(this.last))
	if nth == *changes {
		close(r.done)
	}
}

func seconds(t time.Time) float64 { return float64(t.UnixNano()) / 1e9 }

func streams(target, name string, n int) {
	ctx, cancel := deadline()
	defer cancel()
	r := &rounds{streams: n, done: make(chan struct{})}
	var ends outcomes
	var wait sync.WaitGroup
	var conns []*grpc.ClientConn
	for i := 0; i < *connections; i++ {
		conn := connected(ctx, target)
		if conn == nil {
			return
		}
		conns = append(conns, conn)
	}
	for i := 0; i < n; i++ {
		wait.Add(1)
		go func(conn *grpc.ClientConn) {
			defer wait.Done()
			nth := 0
			answer := &pb.HealthCheckResponse{}
			ends.add(stream(ctx, conn, asked("Watch"), &pb.HealthCheckRequest{Service: name},
				answer, func() {
					r.told(nth, answer.Status.String())
					nth++
				}))
		}(conns[i%len(conns)])
	}
	ended := make(chan struct{})
	go func() {
		wait.Wait()
		close(ended)
	}()
	select {
	case <-r.done:
	case <-ended:
		ends.print()
	}
}

// The server

func codeOf(name string) codes.Code {
	for i, n := range codeNames {
		if n == name {
			return codes.Code(i)
		}
	}
	fail("there is no code", name)
	return codes.OK
}

// What each call meets before its own method does.
func gate(ctx context.Context, path string) error {
	if *log {
		sent, _ := metadata.FromIncomingContext(ctx)
		until, limited := ctx.Deadline()
		left := "none"
		if limited {
			left = fmt.Sprintf("%.3f", time.Until(until).Seconds())
		}
		line := fmt.Sprintf("asked %s timeout=%s", path, left)
		for _, name := range []string{":authority", "user-agent", "content-type"} {
			line += fmt.Sprintf(" %s=%q", strings.TrimPrefix(name, ":"),
				strings.Join(sent[name], ","))
		}
		fmt.Println(line)
	}
	if *silent {
		select {} // past the deadline, too, of which the client is to learn by itself
	}
	if *refuse != "" {
		return status.Error(codeOf(*refuse), "refused by the test")
	}
	return nil
}

func unaryGate(ctx context.Context, in interface{}, info *grpc.UnaryServerInfo,
	handler grpc.UnaryHandler) (interface{}, error) {
	if err := gate(ctx, info.FullMethod); err != nil {
		return nil, err
	}
	return handler(ctx, in)
}

func streamGate(srv interface{}, s grpc.ServerStream, info *grpc.StreamServerInfo,
	handler grpc.StreamHandler) error {
	if err := gate(s.Context(), info.FullMethod); err != nil {
		return err
	}
	return handler(srv, s)
}

func set(h *health.Server, name, word string) {
	number, is := pb.HealthCheckResponse_ServingStatus_value[word]
	if !is {
		fail("there is no status", word)
	}
	h.SetServingStatus(name, pb.HealthCheckResponse_ServingStatus(number))
}

func serve() {
	options := []grpc.ServerOption{grpc.UnaryInterceptor(unaryGate),
		grpc.StreamInterceptor(streamGate)}
	if *cert != "" {
		secure, err := credentials.NewServerTLSFromFile(*cert, *key)
		must(err)
		options = append(options, grpc.Creds(secure))
	}
	server := grpc.NewServer(options...)
	h := health.NewServer()
	if !*noHealth {
		pb.RegisterHealthServer(server, h)
	}
	for _, s := range services {
		at := strings.LastIndex(s, "=")
		if at < 0 {
			fail("not NAME=STATUS:", s)
		}
		set(h, s[:at], s[at+1:])
	}
	listener, err := net.Listen("tcp", *address)
	must(err)
	fmt.Println("port", listener.Addr().(*net.TCPAddr).Port)
	go obey(server, h)
	must(server.Serve(listener))
}

// Lines are NAME STATUS, or shutdown; their end stops the server.
func obey(server *grpc.Server, h *health.Server) {
	lines := bufio.NewScanner(os.Stdin)
	for lines.Scan() {
		line := lines.Text()
		at := strings.LastIndex(line, " ")
		switch {
		case line == "shutdown":
			h.Shutdown()
			go server.GracefulStop()
		case at < 0:
			fail("not NAME STATUS:", line)
		default:
			set(h, line[:at], line[at+1:])
		}
		fmt.Println("set", line)
	}
	server.Stop()
}

func main() {
	flag.Var(&services, "service", "NAME=STATUS of a service, repeatable")
	if len(os.Args) < 2 {
		fail("usage: peer check|watch|streams|call|serve|version [FLAG...] [ARG...]")
	}
	must(flag.CommandLine.Parse(os.Args[2:]))
	arg := func(i int) string { return flag.Arg(i) }
	switch os.Args[1] {
	case "check":
		check(arg(0), arg(1))
	case "watch":
		watch(arg(0), arg(1))
	case "streams":
		n := 0
		_, err := fmt.Sscan(arg(2), &n)
		must(err)
		streams(arg(0), arg(1), n)
	case "call":
		call(arg(0), arg(1), arg(2))
	case "serve":
		serve()
	case "version":
		fmt.Println("grpc-go", grpc.Version)
	default:
		fail("there is no verb", os.Args[1])
	}
}
