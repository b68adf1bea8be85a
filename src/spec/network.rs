//! A sandbox's network.

use alloc::string::String;
use alloc::vec::Vec;
use core::fmt;

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::hidden::Hidden;
use crate::shape::shaped;

/// The protocol of a published port.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "arbitrary", derive(arbitrary::Arbitrary))]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "lowercase")]
pub enum PortProtocol {
    /// TCP.
    #[default]
    Tcp,
    /// UDP.
    Udp,
}

/// A port of the guest that is published on the host.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "arbitrary", derive(arbitrary::Arbitrary))]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct PublishedPortSpec {
    /// The port on the host; 0 lets the host pick one.
    pub host_port: u16,
    /// The port in the guest.
    pub guest_port: u16,
    /// The protocol; `tcp` by default.
    #[serde(default)]
    pub protocol: PortProtocol,
    /// The address on the host to listen on, such as `127.0.0.1`.
    pub host_bind: String,
}

impl Default for PublishedPortSpec {
    /// Returns a draft that listens on the loopback address.
    fn default() -> Self {
        Self {
            host_port: 0,
            guest_port: 0,
            protocol: PortProtocol::Tcp,
            host_bind: String::from("127.0.0.1"),
        }
    }
}

shaped! {
    #[json(remote = "NetworkSpec", default)]
    #[binary(remote = "NetworkSpec")]
    /// A sandbox's network.
    ///
    /// In JSON, a missing field takes its default.
    ///
    /// The free-form parts belong to the network engine and pass through unchanged; a `null` in
    /// JSON reads as absent. They may be nested 127 levels deep.
    ///
    /// `Debug` does not show what they hold.
    ///
    /// ```
    /// use microsandbox_types::{NetworkSpec, PortProtocol};
    ///
    /// let json = r#"{"ports": [{"host_port": 8080, "guest_port": 80, "host_bind": "127.0.0.1"}]}"#;
    /// let network: NetworkSpec = serde_json::from_str(json)?;
    /// assert!(network.enabled);
    /// assert_eq!(network.ports[0].protocol, PortProtocol::Tcp);
    /// # Ok::<(), serde_json::Error>(())
    /// ```
    #[derive(Clone, PartialEq)]
    #[cfg_attr(feature = "arbitrary", derive(arbitrary::Arbitrary))]
    pub struct NetworkSpec {
        /// Whether the sandbox has a network; `true` by default.
        pub enabled: bool,
        /// The guest's interface, such as its addresses. Its form is up to the network engine.
        #[json(skip_serializing_if = "Option::is_none")]
        #[binary(with = "crate::shape::json_text")]
        #[cfg_attr(feature = "arbitrary", arbitrary(with = crate::generate::optional_value))]
        pub interface: Option<Value>,
        /// The guest's ports that are published on the host.
        pub ports: Vec<PublishedPortSpec>,
        /// Which connections are allowed. Its form is up to the network engine.
        #[json(skip_serializing_if = "Option::is_none")]
        #[binary(with = "crate::shape::json_text")]
        #[cfg_attr(feature = "arbitrary", arbitrary(with = crate::generate::optional_value))]
        pub policy: Option<Value>,
        /// How names are resolved. Its form is up to the network engine.
        #[json(skip_serializing_if = "Option::is_none")]
        #[binary(with = "crate::shape::json_text")]
        #[cfg_attr(feature = "arbitrary", arbitrary(with = crate::generate::optional_value))]
        pub dns: Option<Value>,
        /// How TLS connections are inspected. Its form is up to the network engine.
        #[json(skip_serializing_if = "Option::is_none")]
        #[binary(with = "crate::shape::json_text")]
        #[cfg_attr(feature = "arbitrary", arbitrary(with = crate::generate::optional_value))]
        pub tls: Option<Value>,
        /// Secrets to insert into outgoing requests. Its form is up to the network engine.
        #[json(skip_serializing_if = "Option::is_none")]
        #[binary(with = "crate::shape::json_text")]
        #[cfg_attr(feature = "arbitrary", arbitrary(with = crate::generate::optional_value))]
        pub secrets: Option<Value>,
        /// How many connections may be open at once; the network engine's limit by default.
        pub max_connections: Option<usize>,
        /// Whether the guest trusts the host's certificate authorities.
        pub trust_host_cas: bool,
    }
}

impl Default for NetworkSpec {
    fn default() -> Self {
        Self {
            enabled: true,
            interface: None,
            ports: Vec::new(),
            policy: None,
            dns: None,
            tls: None,
            secrets: None,
            max_connections: None,
            trust_host_cas: false,
        }
    }
}

impl fmt::Debug for NetworkSpec {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let hidden = |part: &Option<Value>| part.as_ref().map(|_| Hidden);
        f.debug_struct("NetworkSpec")
            .field("enabled", &self.enabled)
            .field("interface", &hidden(&self.interface))
            .field("ports", &self.ports)
            .field("policy", &hidden(&self.policy))
            .field("dns", &hidden(&self.dns))
            .field("tls", &hidden(&self.tls))
            .field("secrets", &hidden(&self.secrets))
            .field("max_connections", &self.max_connections)
            .field("trust_host_cas", &self.trust_host_cas)
            .finish()
    }
}
