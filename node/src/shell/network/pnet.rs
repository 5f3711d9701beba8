//! The door in front of the handshake: both sides send 24 bytes at random and encrypt what follows with XSalsa20 under the
//! hive's network key (libp2p's `Private-Networks-PSK-V1`). libp2p's own part knows one key; it is used where there is
//! one. While a hive goes from one key to the next, the side that is dialled tries both on the first bytes, which are
//! always the same, and sends whoever has neither away at once.

use std::io;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use futures::future::Either;
use futures::{AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _};
use libp2p::pnet::{PnetConfig, PnetOutput, PreSharedKey};
use rand::TryRngCore as _;
use salsa20::XSalsa20;
use salsa20::cipher::{KeyIvInit as _, StreamCipher as _};
use tokio::sync::watch;

const NONCE_BYTES: usize = 24;
/// What every dialler sends first behind the door.
const FIRST_BYTES: &[u8; 20] = b"\x13/multistream/1.0.0\n";
/// Bytes encrypted at once.
const PIECE_BYTES: usize = 16 * 1024;

/// The keys that open the door, newest first; never empty.
#[derive(Debug, Clone)]
pub(super) struct Keys(watch::Receiver<Vec<[u8; 32]>>);

/// Whoever may change them.
pub(super) type KeysSender = watch::Sender<Vec<[u8; 32]>>;

impl Keys {
    /// One key for now.
    pub(super) fn new(key: [u8; 32]) -> (KeysSender, Self) {
        let (sender, receiver) = watch::channel(vec![key]);
        (sender, Self(receiver))
    }

    fn all(&self) -> Vec<[u8; 32]> {
        self.0.borrow().clone()
    }

    /// The key to dial with. What the other side has is not known: while there are two, either is tried in turn by chance.
    fn one(&self) -> [u8; 32] {
        let keys = self.0.borrow();
        keys[rand::random_range(0..keys.len())]
    }
}

/// A connection behind the door.
pub(super) struct Private<S> {
    inner: S,
    read: XSalsa20,
    write: XSalsa20,
    /// Bytes read and decrypted already, and how many of them were handed on.
    head: Vec<u8>,
    taken: usize,
    /// Encrypted bytes that are not written yet.
    unsent: Vec<u8>,
}

/// Goes through the door from outside or lets somebody in, with as many keys as there are.
pub(super) async fn enter<S>(
    socket: S,
    keys: Keys,
    is_dialler: bool,
) -> io::Result<Either<PnetOutput<S>, Private<S>>>
where
    S: AsyncRead + AsyncWrite + Send + Unpin + 'static,
{
    if let [only] = keys.all()[..] {
        let config = PnetConfig::new(PreSharedKey::new(only));
        return config.handshake(socket).await.map(Either::Left).map_err(io::Error::other);
    }
    handshake(socket, keys, is_dialler).await.map(Either::Right)
}

async fn handshake<S>(mut socket: S, keys: Keys, is_dialler: bool) -> io::Result<Private<S>>
where
    S: AsyncRead + AsyncWrite + Unpin,
{
    let mut ours = [0; NONCE_BYTES];
    rand::rngs::OsRng.try_fill_bytes(&mut ours).map_err(io::Error::other)?;
    socket.write_all(&ours).await?;
    socket.flush().await?;
    let mut theirs = [0; NONCE_BYTES];
    socket.read_exact(&mut theirs).await?;
    let private = |inner, key: &[u8; 32], read, head| {
        let write = cipher(key, &ours);
        Private { inner, read, write, head, taken: 0, unsent: Vec::new() }
    };
    if is_dialler {
        let key = keys.one();
        return Ok(private(socket, &key, cipher(&key, &theirs), Vec::new()));
    }
    let mut first = [0; FIRST_BYTES.len()];
    socket.read_exact(&mut first).await?;
    for key in keys.all() {
        let (mut read, mut head) = (cipher(&key, &theirs), first);
        read.apply_keystream(&mut head);
        if head == *FIRST_BYTES {
            return Ok(private(socket, &key, read, head.to_vec()));
        }
    }
    Err(io::Error::new(io::ErrorKind::PermissionDenied, "the other side does not have the network key"))
}

fn cipher(key: &[u8; 32], nonce: &[u8; NONCE_BYTES]) -> XSalsa20 {
    XSalsa20::new(&(*key).into(), &(*nonce).into())
}

impl<S: AsyncRead + Unpin> AsyncRead for Private<S> {
    fn poll_read(self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &mut [u8]) -> Poll<io::Result<usize>> {
        let this = self.get_mut();
        if this.taken < this.head.len() {
            let len = buf.len().min(this.head.len() - this.taken);
            buf[..len].copy_from_slice(&this.head[this.taken..this.taken + len]);
            this.taken += len;
            return Poll::Ready(Ok(len));
        }
        let len = ready!(Pin::new(&mut this.inner).poll_read(cx, buf))?;
        this.read.apply_keystream(&mut buf[..len]);
        Poll::Ready(Ok(len))
    }
}

impl<S: AsyncWrite + Unpin> Private<S> {
    /// Writes what is encrypted; ready when nothing is left.
    fn poll_unsent(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let mut written = 0;
        let result = loop {
            if written == self.unsent.len() {
                break Poll::Ready(Ok(()));
            }
            match Pin::new(&mut self.inner).poll_write(cx, &self.unsent[written..]) {
                Poll::Ready(Ok(0)) => break Poll::Ready(Err(io::ErrorKind::WriteZero.into())),
                Poll::Ready(Ok(len)) => written += len,
                Poll::Ready(Err(error)) if error.kind() == io::ErrorKind::Interrupted => {}
                Poll::Ready(Err(error)) => break Poll::Ready(Err(error)),
                Poll::Pending => break Poll::Pending,
            }
        };
        self.unsent.drain(..written);
        result
    }
}

impl<S: AsyncWrite + Unpin> AsyncWrite for Private<S> {
    fn poll_write(self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &[u8]) -> Poll<io::Result<usize>> {
        let this = self.get_mut();
        ready!(this.poll_unsent(cx))?;
        let len = buf.len().min(PIECE_BYTES);
        this.unsent.extend_from_slice(&buf[..len]);
        this.write.apply_keystream(&mut this.unsent);
        match this.poll_unsent(cx) {
            Poll::Ready(Err(error)) => Poll::Ready(Err(error)),
            // The bytes are ours now, whether they left already or not.
            Poll::Ready(Ok(())) | Poll::Pending => Poll::Ready(Ok(len)),
        }
    }

    fn poll_flush(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let this = self.get_mut();
        ready!(this.poll_unsent(cx))?;
        Pin::new(&mut this.inner).poll_flush(cx)
    }

    fn poll_close(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let this = self.get_mut();
        ready!(this.poll_unsent(cx))?;
        Pin::new(&mut this.inner).poll_close(cx)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use futures::future::join;
    use tokio::net::{TcpListener, TcpStream};

    /// A connection through loopback in the clothes of `futures`.
    async fn pair() -> (libp2p::tcp::tokio::TcpStream, libp2p::tcp::tokio::TcpStream) {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let dial = TcpStream::connect(listener.local_addr().unwrap());
        let (dialled, accepted) = join(dial, listener.accept()).await;
        (libp2p::tcp::tokio::TcpStream(dialled.unwrap()), libp2p::tcp::tokio::TcpStream(accepted.unwrap().0))
    }

    async fn talk(
        mut dialler: impl AsyncRead + AsyncWrite + Unpin,
        mut host: impl AsyncRead + AsyncWrite + Unpin,
    ) {
        let long: Vec<u8> = (0..100_000u32).map(|i| u8::try_from(i % 251).unwrap()).collect();
        let mut heard = vec![0; long.len()];
        let mut head = [0; FIRST_BYTES.len()];
        let say = async {
            dialler.write_all(&long).await.unwrap();
            dialler.flush().await.unwrap();
        };
        let hear = async {
            host.read_exact(&mut head).await.unwrap();
            host.read_exact(&mut heard).await.unwrap();
        };
        join(say, hear).await;
        assert_eq!((&head, &heard), (FIRST_BYTES, &long));
        join(
            async {
                host.write_all(b"back").await.unwrap();
                host.flush().await.unwrap();
            },
            async {
                let mut back = [0; 4];
                dialler.read_exact(&mut back).await.unwrap();
                assert_eq!(&back, b"back");
            },
        )
        .await;
    }

    fn keys(all: &[u8]) -> Keys {
        let (sender, keys) = Keys::new([all[0]; 32]);
        sender.send_replace(all.iter().map(|key| [*key; 32]).collect());
        keys
    }

    #[tokio::test]
    async fn upstream_comes_in_with_either_of_two_keys() {
        for dialled_with in [1, 2] {
            let (outside, inside) = pair().await;
            let upstream = async {
                let config = PnetConfig::new(PreSharedKey::new([dialled_with; 32]));
                let mut stream = config.handshake(outside).await.unwrap();
                stream.write_all(FIRST_BYTES).await.unwrap();
                stream.flush().await.unwrap();
                stream
            };
            let (dialler, host) = join(upstream, handshake(inside, keys(&[2, 1]), false)).await;
            talk(dialler, host.unwrap()).await;
        }
    }

    #[tokio::test]
    async fn upstream_lets_us_in() {
        let (outside, inside) = pair().await;
        let ours = async {
            let mut stream = handshake(outside, keys(&[1]), true).await.unwrap();
            stream.write_all(FIRST_BYTES).await.unwrap();
            stream.flush().await.unwrap();
            stream
        };
        let upstream = PnetConfig::new(PreSharedKey::new([1; 32])).handshake(inside);
        let (dialler, host) = join(ours, upstream).await;
        talk(dialler, host.unwrap()).await;
    }

    #[tokio::test]
    async fn whoever_has_no_key_is_sent_away_at_once() {
        let (outside, inside) = pair().await;
        let stranger = async {
            let mut stream = handshake(outside, keys(&[3]), true).await.unwrap();
            stream.write_all(FIRST_BYTES).await.unwrap();
            stream.flush().await.unwrap();
        };
        let (_, host) = join(stranger, handshake(inside, keys(&[2, 1]), false)).await;
        assert_eq!(host.err().map(|error| error.kind()), Some(io::ErrorKind::PermissionDenied));
    }
}
