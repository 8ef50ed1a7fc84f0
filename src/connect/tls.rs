//! TLS as libpq's modes mean it, with rustls: encrypt only, verify the chain, or chain and name.

use super::failure;
use crate::{
    config::{Endpoint, Tls, TlsMode},
    outcome::Failure,
    target::Target,
};
use anyhow::{Error, Result};
use rustls::{
    CertificateError, ClientConfig, DigitallySignedStruct, RootCertStore, SignatureScheme,
    client::{
        WebPkiServerVerifier,
        danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier},
    },
    crypto::{CryptoProvider, ring, verify_tls12_signature, verify_tls13_signature},
    pki_types::{CertificateDer, ServerName, UnixTime, pem::PemObject},
};
use std::{io, sync::Arc};

/// The configuration for an endpoint whose mode is not `disable`.
///
/// # Errors
/// Exit 2: a CA file that cannot be read or has no certificate, or no roots at all.
pub fn client_config(endpoint: &Endpoint) -> Result<ClientConfig> {
    let mut provider = ring::default_provider();
    // The first group's key share goes with the first packet; one that the server does not take costs
    // a turn. PostgreSQL up to 17 accepts P-256 only, by default, and MySQL takes no X25519.
    provider.kx_groups = vec![
        ring::kx_group::SECP256R1,
        ring::kx_group::SECP384R1,
        ring::kx_group::X25519,
    ];
    let provider = Arc::new(provider);
    let verifier = verifier(endpoint, &provider)?;
    let config = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .map_err(|error| Failure::failed(format!("TLS cannot be set up: {error}")))?
        .dangerous()
        .with_custom_certificate_verifier(verifier)
        .with_no_client_auth();
    Ok(config)
}

/// The name to verify: the TLS name, else the host, also where a tunnel leads there. A certificate's names have no dot
/// at the end.
pub fn name(endpoint: &Endpoint) -> &str {
    let name = endpoint.tls.name.as_deref().unwrap_or(&endpoint.host);
    name.strip_suffix('.').unwrap_or(name)
}

/// The same for rustls.
///
/// # Errors
/// Exit 2 when it is neither a DNS name nor an address.
pub fn server_name(endpoint: &Endpoint) -> Result<ServerName<'static>> {
    let name = name(endpoint);
    ServerName::try_from(name.to_owned()).map_err(|_| {
        let flag = failure::flag(endpoint);
        Failure::usage(format!(
            "`{name}` is not a name that a certificate can have"
        ))
        .on(endpoint.target)
        .remedy(format!("name the server: {flag}-tls-name NAME"))
        .into()
    })
}

fn verifier(
    endpoint: &Endpoint,
    provider: &Arc<CryptoProvider>,
) -> Result<Arc<dyn ServerCertVerifier>> {
    let mode = endpoint.tls.mode;
    if matches!(mode, TlsMode::Disable | TlsMode::Prefer | TlsMode::Require) {
        return Ok(Arc::new(Encrypting {
            provider: provider.clone(),
        }));
    }
    let roots = roots(&endpoint.tls, endpoint.target)?;
    let chain = WebPkiServerVerifier::builder_with_provider(Arc::new(roots), provider.clone())
        .build()
        .map_err(|error| {
            Failure::usage(format!("the CA certificates cannot be used: {error}"))
                .on(endpoint.target)
        })?;
    Ok(if mode == TlsMode::VerifyCa {
        Arc::new(ChainOnly { chain })
    } else {
        chain
    })
}

fn roots(tls: &Tls, target: Target) -> Result<RootCertStore> {
    let mut store = RootCertStore::empty();
    let Some(path) = &tls.ca else {
        let system = rustls_native_certs::load_native_certs();
        store.add_parsable_certificates(system.certs);
        if store.is_empty() {
            return Err(Failure::usage("this system has no CA certificates")
                .on(target)
                .remedy("name a file of them: --ca FILE")
                .into());
        }
        return Ok(store);
    };
    let file = path.display().to_string();
    let wrong = |why: String| -> Error {
        Failure::usage(why)
            .on(target)
            .at(file.clone(), None)
            .remedy("name a PEM file: --ca FILE")
            .into()
    };
    let certificates = CertificateDer::pem_file_iter(path)
        .map_err(|error| wrong(format!("the CA file cannot be read: {error}")))?;
    for certificate in certificates {
        let certificate =
            certificate.map_err(|error| wrong(format!("the CA file is damaged: {error}")))?;
        store
            .add(certificate)
            .map_err(|error| wrong(format!("a certificate cannot be used: {error}")))?;
    }
    if store.is_empty() {
        return Err(wrong("the CA file has no certificate".to_owned()));
    }
    Ok(store)
}

/// `prefer` and `require`: any certificate, as libpq.
#[derive(Debug)]
struct Encrypting {
    provider: Arc<CryptoProvider>,
}

/// `verify-ca`: a certificate of the authority's, whatever its name.
#[derive(Debug)]
struct ChainOnly {
    chain: Arc<WebPkiServerVerifier>,
}

impl ServerCertVerifier for Encrypting {
    fn verify_server_cert(
        &self,
        _: &CertificateDer<'_>,
        _: &[CertificateDer<'_>],
        _: &ServerName<'_>,
        _: &[u8],
        _: UnixTime,
    ) -> Result<ServerCertVerified, rustls::Error> {
        Ok(ServerCertVerified::assertion())
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        dss: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        verify_tls12_signature(
            message,
            cert,
            dss,
            &self.provider.signature_verification_algorithms,
        )
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        dss: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        verify_tls13_signature(
            message,
            cert,
            dss,
            &self.provider.signature_verification_algorithms,
        )
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.provider
            .signature_verification_algorithms
            .supported_schemes()
    }
}

impl ServerCertVerifier for ChainOnly {
    fn verify_server_cert(
        &self,
        end_entity: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        server_name: &ServerName<'_>,
        ocsp_response: &[u8],
        now: UnixTime,
    ) -> Result<ServerCertVerified, rustls::Error> {
        let verified = self.chain.verify_server_cert(
            end_entity,
            intermediates,
            server_name,
            ocsp_response,
            now,
        );
        match verified {
            // The name is looked at only after the chain was found good.
            Err(rustls::Error::InvalidCertificate(
                CertificateError::NotValidForName | CertificateError::NotValidForNameContext { .. },
            )) => Ok(ServerCertVerified::assertion()),
            other => other,
        }
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        dss: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        self.chain.verify_tls12_signature(message, cert, dss)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        dss: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        self.chain.verify_tls13_signature(message, cert, dss)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.chain.supported_verify_schemes()
    }
}

/// The server offers no TLS and the mode needs it.
pub fn not_offered(endpoint: &Endpoint) -> Error {
    let mode = endpoint.tls.mode;
    Failure::failed(format!(
        "{} offers no TLS, and the mode is {mode}",
        failure::address(endpoint)
    ))
    .on(endpoint.target)
    .remedy(format!(
        "switch TLS on at the server; without encryption: {}-tls disable",
        failure::flag(endpoint)
    ))
    .into()
}

/// The server takes no login without TLS.
pub fn demanded(endpoint: &Endpoint, words: &str) -> Error {
    Failure::failed(format!(
        "{} takes no login without TLS: {words}",
        failure::address(endpoint)
    ))
    .on(endpoint.target)
    .remedy(format!("encrypt: {}-tls require", failure::flag(endpoint)))
    .into()
}

/// A failed handshake in words, where one of the causes is rustls's.
pub fn explain(endpoint: &Endpoint, error: &(dyn std::error::Error + 'static)) -> Option<Error> {
    let cause = rustls_error(error)?;
    let flag = failure::flag(endpoint);
    let name = name(endpoint);
    let (why, remedy) = match cause {
        rustls::Error::InvalidCertificate(certificate) => match certificate {
            CertificateError::Expired | CertificateError::ExpiredContext { .. } => (
                "the server's certificate has expired".to_owned(),
                "renew it on the server".to_owned(),
            ),
            CertificateError::NotValidYet | CertificateError::NotValidYetContext { .. } => (
                "the server's certificate is not valid yet".to_owned(),
                "check the clocks of both machines".to_owned(),
            ),
            CertificateError::UnknownIssuer => (
                "the server's certificate is not from an authority that is trusted here".to_owned(),
                "name the file with its authority: --ca FILE".to_owned(),
            ),
            CertificateError::NotValidForName => (
                format!("the server's certificate is not for the name {name}"),
                format!("name the server as its certificate does: {flag}-tls-name NAME"),
            ),
            CertificateError::NotValidForNameContext { presented, .. } => {
                let names = if presented.is_empty() {
                    "no name at all".to_owned()
                } else {
                    presented.join(", ")
                };
                (
                    format!("the server's certificate is not for the name {name}, but for {names}"),
                    format!(
                        "name the server as its certificate does: {flag}-tls-name NAME; without names: {flag}-tls verify-ca"
                    ),
                )
            }
            other => (
                format!("the server's certificate is refused: {other}"),
                format!("see the modes of {flag}-tls"),
            ),
        },
        other => (
            format!("the TLS handshake failed: {other}"),
            format!("see the modes of {flag}-tls"),
        ),
    };
    Some(
        Failure::failed(format!("{}: {why}", failure::address(endpoint)))
            .on(endpoint.target)
            .remedy(remedy)
            .into(),
    )
}

fn rustls_error<'e>(error: &'e (dyn std::error::Error + 'static)) -> Option<&'e rustls::Error> {
    let mut next = Some(error);
    while let Some(error) = next {
        if let Some(found) = error.downcast_ref::<rustls::Error>() {
            return Some(found);
        }
        let inner = error
            .downcast_ref::<io::Error>()
            .and_then(io::Error::get_ref);
        if let Some(found) = inner.and_then(|inner| inner.downcast_ref::<rustls::Error>()) {
            return Some(found);
        }
        next = error.source();
    }
    None
}
