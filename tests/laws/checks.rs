//! The law of checks: any text gets an answer that fits itself, in time and size that fit the text.

use std::time::Instant;

use microsandbox_types::*;

/// Far more than any check takes for this many bytes, and far less than a quadratic one.
const SECONDS_PER_MIB: u64 = 20;

pub fn any(data: &[u8]) {
    let text = String::from_utf8_lossy(data);
    let start = Instant::now();

    let plain = serde_json::from_str::<SandboxSpec>(&text);
    let found = SandboxSpec::check_json(&text);
    match SandboxSpec::from_json_strict(&text) {
        Ok(spec) => {
            assert_eq!(plain.unwrap(), spec);
            // Only findings about a text have places in it.
            assert_eq!(spec.check().to_string(), found.to_string());
            accepted(&spec);
        }
        Err(strict) => {
            assert!(strict.errors() > 0 && found.errors() >= strict.errors());
            // What plain serde reads is refused for what only strict reading minds, a field whose
            // name is nearly right among it: what such a field lacks is minded too.
            let minds = |one: &Finding| {
                matches!(
                    one.code,
                    FindingCode::Missing
                        | FindingCode::UnknownField
                        | FindingCode::NewerField
                        | FindingCode::ReadonlyIgnored
                        | FindingCode::RepeatedField
                        | FindingCode::WrongType
                )
            };
            assert!(plain.is_err() || strict.iter().all(minds), "{strict}");
        }
    }

    super::fixes::any(&text);

    assert!(found.as_slice().len() <= MAX_FINDINGS);
    assert_eq!(
        found.as_slice().len() + found.omitted(),
        found.errors() + found.warnings()
    );
    assert!(found.to_string().len() <= 16 * 1024 * MAX_FINDINGS);
    for finding in &found {
        let span = finding.span.clone().expect("each finding is somewhere");
        assert!(text.get(span).is_some());
        assert!(!finding.message.contains(char::is_control), "{finding:?}");
    }

    let most = SECONDS_PER_MIB * (1 + text.len() as u64 / (1024 * 1024));
    assert!(start.elapsed().as_secs() < most, "{:?}", start.elapsed());
}

/// What passes its check is accepted by every later step.
fn accepted(spec: &SandboxSpec) {
    if spec.validate().is_err() {
        return;
    }
    assert!(SandboxName::new(&spec.name).is_ok());
    let derived = hostname_from_sandbox_name(&spec.name);
    let hostname = spec.runtime.hostname.as_deref().unwrap_or(&derived);
    assert!(validate_hostname(Some(hostname)).is_ok());
    if let Some(init) = &spec.init {
        let frame = init.encode().expect("a checked handoff is encoded");
        assert_eq!(HandoffInit::decode(&frame).as_ref(), Ok(init));
    }
}
