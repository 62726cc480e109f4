// hostile.go - a bad neighbour in the network namespace of a container with hale.
//
//	hostile squat   takes every name of a local socket that can be guessed, and
//	                answers there that all is well, in red
//	hostile hold    fills hale's listeners with connections that say nothing
//	hostile flood   connects and leaves as fast as it can
//	hostile spoof   calls itself a supervisor, as /proc shows one
//
// It says "hostile: at it" once it has begun, and ends by itself after life.
//
// SPDX-License-Identifier: MIT
package main

import (
	"fmt"
	"io"
	"net"
	"os"
	"regexp"
	"strings"
	"syscall"
	"time"
	"unsafe"
)

const (
	life   = 60 * time.Second
	near   = 500 // numbers of namespaces on either side of our own
	held   = 200 // connections to each listener
	crowd  = 8   // of those who connect and leave
	forged = "HTTP/1.1 200 OK\r\nContent-Length: 11\r\n\r\n\x1b[31mforged\n"
	port   = "127.0.0.1:4253"
)

// must ends the program: a neighbour that cannot attack proves nothing.
func must(err error) {
	if err != nil {
		fmt.Println("hostile:", err)
		os.Exit(99)
	}
}

// namespace is the number of one of our own.
func namespace(kind string) int {
	var n int
	link, err := os.Readlink("/proc/self/ns/" + kind)
	must(err)
	_, err = fmt.Sscanf(link[strings.Index(link, "["):], "[%d]", &n)
	must(err)
	return n
}

// answer listens at an abstract name and forges what a supervisor would say.
func answer(name string) {
	listener, err := net.Listen("unix", "@"+name)
	must(err)
	go func() {
		for {
			client, err := listener.Accept()
			must(err)
			go func() {
				io.WriteString(client, forged)
				client.Close()
			}()
		}
	}()
}

// squat takes the fixed name, and those that hale's of another day made of
// their namespaces' numbers: the neighbours' are near to ours.
func squat() {
	answer("hale")
	pid, mount := namespace("pid"), namespace("mnt")
	for i := -near; i <= near; i++ {
		answer(fmt.Sprintf("hale/%d", pid+i))
		answer(fmt.Sprintf("hale/%d/%d", pid+i, mount+i))
	}
}

// spoof renames its process: what its own /proc shows is not the victim's.
func spoof() {
	name := []byte("hale.AAAAAAAAAA\x00")
	_, _, failed := syscall.RawSyscall(syscall.SYS_PRCTL, 15,
		uintptr(unsafe.Pointer(&name[0])), 0)
	if failed != 0 {
		must(failed)
	}
	answer("hale.AAAAAAAAAA")
}

// victims are the local sockets that the network namespace shows.
func victims() []string {
	table, err := os.ReadFile("/proc/net/unix")
	must(err)
	name := regexp.MustCompile(`@(hale\.[\w-]{10})\n`)
	seen := map[string]bool{}
	var found []string
	for _, match := range name.FindAllStringSubmatch(string(table), -1) {
		if !seen[match[1]] && match[1] != "hale.AAAAAAAAAA" {
			seen[match[1]] = true
			found = append(found, match[1])
		}
	}
	if len(found) == 0 {
		must(fmt.Errorf("no hale to attack"))
	}
	return found
}

// hold keeps connections open and says at most half a head.
func hold(network, address, says string) {
	for {
		client, err := net.Dial(network, address)
		if err != nil {
			time.Sleep(10 * time.Millisecond)
			continue
		}
		io.WriteString(client, says)
		client.Read(make([]byte, 1)) // until it is closed
		client.Close()
	}
}

// leave connects and goes away again.
func leave(network, address string) {
	for {
		if client, err := net.Dial(network, address); err == nil {
			client.Close()
		}
	}
}

func main() {
	switch os.Args[1] {
	case "squat":
		squat()
	case "spoof":
		spoof()
	case "hold":
		for i := 0; i < held; i++ {
			go hold("tcp", port, "GET /livez HTTP/1.1\r\n")
			for _, name := range victims() {
				go hold("unix", "@"+name, "")
			}
		}
	case "flood":
		for i := 0; i < crowd; i++ {
			go leave("tcp", port)
			for _, name := range victims() {
				go leave("unix", "@"+name)
			}
		}
	default:
		must(fmt.Errorf("no such attack: %s", os.Args[1]))
	}
	fmt.Println("hostile: at it")
	time.Sleep(life)
}
