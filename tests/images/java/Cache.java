// Cache.java - keeps values in memory: PUT /KEY, GET /KEY, DELETE /KEY.
//
// SPDX-License-Identifier: MIT
import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;

class Cache {
	private static final Map<String, byte[]> values = new ConcurrentHashMap<>();

	private static void reply(HttpExchange ask, int status, byte[] body) throws IOException {
		ask.sendResponseHeaders(status, body.length == 0 ? -1 : body.length);
		if (body.length > 0)
			ask.getResponseBody().write(body);
	}

	private static void answer(HttpExchange ask) throws IOException {
		String key = ask.getRequestURI().getPath();
		try (ask) {
			switch (ask.getRequestMethod()) {
			case "GET" -> {
				byte[] value = values.get(key);
				reply(ask, value == null ? 404 : 200, value == null ? new byte[0] : value);
			}
			case "PUT" -> {
				values.put(key, ask.getRequestBody().readAllBytes());
				reply(ask, 204, new byte[0]);
			}
			case "DELETE" -> reply(ask, values.remove(key) == null ? 404 : 204, new byte[0]);
			default -> reply(ask, 405, new byte[0]);
			}
		}
	}

	private static void stop(HttpServer server, ExecutorService threads) {
		server.stop(2);  // seconds for the answers under way
		threads.shutdown();
		System.out.println("stopped in order");
	}

	public static void main(String[] args) throws IOException {
		String port = System.getenv().getOrDefault("PORT", "8080");
		HttpServer server = HttpServer.create(new InetSocketAddress(Integer.parseInt(port)), 0);
		ExecutorService threads = Executors.newFixedThreadPool(8);
		byte[] ok = "ok\n".getBytes(StandardCharsets.US_ASCII);
		server.createContext("/healthz", ask -> { try (ask) { reply(ask, 200, ok); } });
		server.createContext("/", Cache::answer);
		server.setExecutor(threads);
		Runtime.getRuntime().addShutdownHook(new Thread(() -> stop(server, threads)));
		server.start();
		System.out.println("listening on port " + port);
	}
}
