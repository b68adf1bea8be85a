//! The messages that everything is measured with; the same bytes on every machine.

use microsandbox_types::HandoffInit;

const ENV: [(&str, &str); 40] = [
    (
        "PATH",
        "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
    ),
    ("HOME", "/root"),
    ("LANG", "C.UTF-8"),
    ("LC_ALL", "C.UTF-8"),
    ("TERM", "xterm-256color"),
    ("HOSTNAME", "web-1"),
    ("USER", "app"),
    ("SHELL", "/bin/bash"),
    ("PWD", "/srv/app"),
    ("TZ", "Europe/Zurich"),
    ("NODE_ENV", "production"),
    (
        "NODE_OPTIONS",
        "--max-old-space-size=384 --enable-source-maps",
    ),
    ("PORT", "8080"),
    ("BIND_ADDRESS", "0.0.0.0"),
    (
        "DATABASE_URL",
        "postgres://app:s3cret@db.internal:5432/app?sslmode=require",
    ),
    (
        "REDIS_URL",
        "rediss://default:s3cret@cache.internal:6379/0?timeout=2s",
    ),
    ("AMQP_URL", "amqp://guest:guest@mq.internal:5672/%2f"),
    ("S3_BUCKET", "app-uploads-production-eu-central-1"),
    ("AWS_REGION", "eu-central-1"),
    ("AWS_ACCESS_KEY_ID", "AKIAIOSFODNN7EXAMPLE"),
    (
        "AWS_SECRET_ACCESS_KEY",
        "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY",
    ),
    ("LOG_LEVEL", "info"),
    ("LOG_FORMAT", "json"),
    ("OTEL_SERVICE_NAME", "checkout-web"),
    (
        "OTEL_EXPORTER_OTLP_ENDPOINT",
        "http://otel-collector.observability.svc.cluster.internal:4318",
    ),
    (
        "SENTRY_DSN",
        "https://9d0a5fb8c2e14f7e8b7a6c5d4e3f2a1b@o4501.ingest.sentry.example.com/4507",
    ),
    ("PYTHONUNBUFFERED", "1"),
    ("PIP_NO_CACHE_DIR", "1"),
    ("GOMAXPROCS", "2"),
    (
        "RUST_LOG",
        "info,app=debug,tower_http=debug,sqlx::query=warn",
    ),
    ("RUST_BACKTRACE", "1"),
    ("SSL_CERT_FILE", "/etc/ssl/certs/ca-certificates.crt"),
    ("HTTP_PROXY", "http://proxy.internal:3128"),
    ("NO_PROXY", "localhost,127.0.0.1,.internal"),
    ("XDG_RUNTIME_DIR", "/run/user/1000"),
    ("container", "microsandbox"),
    ("FEATURE_FLAGS", "checkout_v2=on,search=beta"),
    ("GREETING", "grüezi mitenand"),
    ("EDITOR", "vi"),
    ("CI", "false"),
];

const ARGS: [&str; 12] = [
    "--unit=multi-user.target",
    "--log-level=info",
    "--log-target=console",
    "--default-standard-output=journal",
    "--config",
    "/etc/app/config.toml",
    "--listen=0.0.0.0:8080",
    "--workers",
    "4",
    "-v",
    "--show-status=false",
    "--crash-reboot=no",
];

/// 1 argument, 2 environment entries.
pub fn small() -> HandoffInit {
    HandoffInit::new("/sbin/init")
        .arg("--log-level=info")
        .env("PATH", "/usr/local/bin:/usr/bin:/bin")
        .env("LANG", "C.UTF-8")
}

/// 8 arguments, 32 environment entries, about 1.4 kB.
pub fn typical() -> HandoffInit {
    let init = HandoffInit::new("/lib/systemd/systemd").cwd("/srv/app");
    let init = ARGS.iter().take(8).fold(init, |init, arg| init.arg(*arg));
    ENV.iter()
        .take(32)
        .fold(init, |init, (key, value)| init.env(*key, *value))
}

/// 512 messages like [`typical`], each with other entries in another order and of other lengths,
/// so that a branch predictor has nothing to learn.
pub fn rotating() -> Vec<HandoffInit> {
    let mut random = Random(1);
    (0..512)
        .map(|_| {
            let init = HandoffInit::new("/lib/systemd/systemd").cwd("/srv/app");
            let init = (0..8).fold(init, |init, _| {
                let arg = ARGS[random.below(ARGS.len())];
                let cut = arg.len() - random.below(arg.len().min(4));
                init.arg(&arg[..cut])
            });
            (0..32).fold(init, |init, n| {
                let (key, value) = ENV[random.below(ENV.len())];
                let tail = "0123456789abcdef".split_at(random.below(12)).0;
                init.env(format!("{key}_{n}"), format!("{value}{tail}"))
            })
        })
        .collect()
}

/// 512 arguments, 2,048 environment entries of 100 bytes.
pub fn large() -> HandoffInit {
    of_size(512, 2048, 100)
}

/// The numbers of entries of [`growing`]: from a frame of 1 kB to what `execve` takes at the most.
pub const GROWTH: [usize; 7] = [8, 32, 128, 512, 2048, 8192, 16384];

/// A message of `env` entries and a quarter as many arguments.
pub fn growing(env: usize) -> HandoffInit {
    of_size(env / 4, env, 92)
}

/// A message of `args` arguments and `env` entries of `len` bytes each.
fn of_size(args: usize, env: usize, len: usize) -> HandoffInit {
    let init = HandoffInit::new("/sbin/init");
    let init = (0..args).fold(init, |init, n| {
        let arg = format!("--argument-{n}=");
        init.arg(format!("{arg:x<len$}"))
    });
    (0..env).fold(init, |init, n| {
        let key = format!("VARIABLE_{n}");
        let width = len - key.len() - 1;
        init.env(key, format!("{:v<width$}", "/opt/value/"))
    })
}

/// A sandbox name of `len` bytes.
pub fn name(len: usize) -> String {
    "web-1.worker_".chars().cycle().take(len).collect()
}

/// An LCG (Knuth's MMIX): all that the messages need of chance.
struct Random(u64);

impl Random {
    fn below(&mut self, bound: usize) -> usize {
        self.0 = self
            .0
            .wrapping_mul(6364136223846793005)
            .wrapping_add(1442695040888963407);
        (self.0 >> 33) as usize % bound
    }
}
