// main.rs - a web service that counts: POST /NAME adds one, GET /NAME tells.
//
// SPDX-License-Identifier: MIT
use std::collections::HashMap;
use std::io::{self, BufRead, BufReader, Read, Write};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::os::raw::c_int;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;
use std::{env, process, thread};

const PATIENCE: Duration = Duration::from_secs(5);
const HEAD_MAX: u64 = 8192;
const SIGTERM: c_int = 15;

// The standard library has no signals, but is linked with the libc that has.
#[repr(C)]
struct SigSet([u64; 16]);
extern "C" {
    fn sigemptyset(set: *mut SigSet) -> c_int;
    fn sigaddset(set: *mut SigSet, signal: c_int) -> c_int;
    fn pthread_sigmask(how: c_int, set: *const SigSet, old: *mut SigSet) -> c_int;
    fn sigwait(set: *const SigSet, signal: *mut c_int) -> c_int;
}
const SIG_BLOCK: c_int = 0;

// In every thread that is started later, too: it comes to nobody but sigwait.
fn block_sigterm() -> SigSet {
    let mut set = SigSet([0; 16]);
    unsafe {
        sigemptyset(&mut set);
        sigaddset(&mut set, SIGTERM);
        pthread_sigmask(SIG_BLOCK, &set, std::ptr::null_mut());
    }
    set
}

fn wait_for(set: &SigSet) {
    let mut signal = 0;
    unsafe { sigwait(set, &mut signal) };
}

type Counts = Mutex<HashMap<String, u64>>;

fn answer(method: &str, path: &str, counts: &Counts) -> (&'static str, String) {
    let mut counts = counts.lock().unwrap();
    match (method, path) {
        ("GET", "/healthz") => ("200 OK", "ok".to_string()),
        ("GET", name) => match counts.get(name) {
            Some(count) => ("200 OK", count.to_string()),
            None => ("404 Not Found", "never counted".to_string()),
        },
        ("POST", name) => {
            let count = counts.entry(name.to_string()).or_insert(0);
            *count += 1;
            ("200 OK", count.to_string())
        }
        _ => ("405 Method Not Allowed", "GET or POST".to_string()),
    }
}

// One request and its answer.
fn serve(mut stream: TcpStream, counts: &Counts) -> io::Result<()> {
    stream.set_read_timeout(Some(PATIENCE))?;
    stream.set_write_timeout(Some(PATIENCE))?;
    let mut reader = BufReader::new(stream.try_clone()?.take(HEAD_MAX));
    let mut first = String::new();
    reader.read_line(&mut first)?;
    let mut line = String::new();
    while reader.read_line(&mut line)? > 2 {
        line.clear();
    }
    let mut words = first.split_whitespace();
    let (status, body) = match (words.next(), words.next()) {
        (Some(method), Some(path)) => answer(method, path, counts),
        _ => ("400 Bad Request", "that is not HTTP".to_string()),
    };
    write!(
        stream,
        "HTTP/1.1 {status}\r\nContent-Length: {}\r\nConnection: close\r\n\r\n{body}\n",
        body.len() + 1
    )?;
    // A body that nobody wanted is read, or closing would reset the connection.
    stream.shutdown(Shutdown::Write)?;
    io::copy(&mut reader, &mut io::sink()).map(|_| ())
}

fn main() {
    let sigterm = block_sigterm();
    let port = env::var("PORT").unwrap_or_else(|_| "8080".to_string());
    let host = env::var("HOST").unwrap_or_else(|_| "[::]".to_string());
    let listener = TcpListener::bind(format!("{host}:{port}")).unwrap_or_else(|e| {
        eprintln!("cannot listen on {host} port {port}: {e}");
        process::exit(1)
    });
    let at = listener.local_addr().expect("a bound socket has an address");
    println!("listening on {at}");
    let counts = Arc::new(Counts::default());
    let stopping = Arc::new(AtomicBool::new(false));
    let told = stopping.clone();
    thread::spawn(move || {
        wait_for(&sigterm);
        told.store(true, Ordering::SeqCst);
        let _ = TcpStream::connect(at); // accept returns
    });
    let mut serving = Vec::new();
    for stream in listener.incoming() {
        if stopping.load(Ordering::SeqCst) {
            break;
        }
        let counts = counts.clone();
        serving.retain(|thread: &thread::JoinHandle<()>| !thread.is_finished());
        serving.push(thread::spawn(move || {
            if let Err(e) = stream.and_then(|stream| serve(stream, &counts)) {
                eprintln!("a connection failed: {e}");
            }
        }));
    }
    drop(listener); // who comes now is refused at once
    for thread in serving {
        let _ = thread.join();
    }
    println!("stopped in order");
}
