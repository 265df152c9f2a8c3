//! Mail by SMTP.

use center::{Notice, Undelivered};
use lettre::message::Mailbox;
use lettre::message::header::ContentType;
use lettre::transport::smtp::authentication::Credentials;
use lettre::transport::smtp::client::{Tls, TlsParameters};
use lettre::{Message, SmtpTransport, Transport};
use secrecy::ExposeSecret;
use settings::channels::{Encryption, Mail};

use crate::{Common, Tell};

impl Tell for Mail {
    fn tell(&self, common: &Common, notice: &Notice) -> Result<(), Undelivered> {
        let message = message(self, notice)?;
        let mut transport = SmtpTransport::builder_dangerous(&self.host)
            .port(self.port.unwrap_or(match self.encryption {
                Encryption::Tls => 465,
                Encryption::StartTls => 587,
                Encryption::None => 25,
            }))
            .tls(tls(self)?)
            .timeout(Some(common.timeout));
        if let (Some(user), Some(password)) = (&self.user, &self.password) {
            let password = common.secret(password)?;
            transport =
                transport.credentials(Credentials::new(user.clone(), password.expose_secret().to_owned()));
        }
        let sent = transport.build().send(&message);
        sent.map(drop).map_err(|error| Undelivered {
            why: format!("The mail server {} did not take it: {}.", self.host, reasons(&error)),
            again: !error.is_permanent(),
        })
    }
}

fn message(keys: &Mail, notice: &Notice) -> Result<Message, Undelivered> {
    let wrong = |what: &str, error: &dyn std::fmt::Display| Undelivered {
        why: format!("The {what} of this channel cannot be used: {error}."),
        again: false,
    };
    let mailbox = |text: &str| text.parse::<Mailbox>().map_err(|error| wrong("address", &error));
    let mut message = Message::builder()
        .from(mailbox(&keys.from)?)
        // A name of a file may have any character; a subject is one line.
        .subject(notice.title().replace(char::is_control, " "))
        .header(ContentType::TEXT_PLAIN);
    for receiver in &keys.to {
        message = message.to(mailbox(receiver)?);
    }
    message.body(format!("{}\n", notice.body())).map_err(|error| wrong("message", &error))
}

fn tls(keys: &Mail) -> Result<Tls, Undelivered> {
    let parameters = || {
        TlsParameters::new(keys.host.clone()).map_err(|error| Undelivered {
            why: format!("No protected connection to {}: {error}.", keys.host),
            again: false,
        })
    };
    Ok(match keys.encryption {
        Encryption::Tls => Tls::Wrapper(parameters()?),
        Encryption::StartTls => Tls::Required(parameters()?),
        Encryption::None => Tls::None,
    })
}

/// What happened, and what that came from.
fn reasons(error: &dyn std::error::Error) -> String {
    let causes = std::iter::successors(error.source(), |error| error.source());
    causes.fold(error.to_string(), |text, cause| {
        let cause = cause.to_string();
        if text.contains(&cause) { text } else { format!("{text}: {cause}") }
    })
}
