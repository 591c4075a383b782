//! Frames on a libp2p stream. Every length is checked against its kind's cap before the body is
//! read, and memory grows with the bytes that came, never with what was announced.

use std::io;

use futures::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use libp2p::StreamProtocol;
use libp2p::request_response::Codec;

use super::frame::{Frame, FrameError, Reply, Request};

/// Reads and writes the frames of `/sumac/frames/1`.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct FrameCodec;

impl Codec for FrameCodec {
    type Protocol = StreamProtocol;
    type Request = Request;
    type Response = Reply;

    /// A reply's kind is an error here, whatever its body.
    async fn read_request<T>(&mut self, _: &StreamProtocol, io: &mut T) -> io::Result<Request>
    where
        T: AsyncRead + Unpin + Send,
    {
        read_frame(io).await
    }

    /// A request's kind is an error here, whatever its body.
    async fn read_response<T>(&mut self, _: &StreamProtocol, io: &mut T) -> io::Result<Reply>
    where
        T: AsyncRead + Unpin + Send,
    {
        read_frame(io).await
    }

    async fn write_request<T>(&mut self, _: &StreamProtocol, io: &mut T, request: Request) -> io::Result<()>
    where
        T: AsyncWrite + Unpin + Send,
    {
        write_frame(io, &request).await
    }

    async fn write_response<T>(&mut self, _: &StreamProtocol, io: &mut T, reply: Reply) -> io::Result<()>
    where
        T: AsyncWrite + Unpin + Send,
    {
        write_frame(io, &reply).await
    }
}

/// One frame and then the end of the stream's direction: trailing bytes are an error.
async fn read_frame<F: Frame, T: AsyncRead + Unpin + Send>(io: &mut T) -> io::Result<F> {
    let mut prefix = [0_u8; 4];
    io.read_exact(&mut prefix).await?;
    let Some(bytes) = u32::from_be_bytes(prefix).checked_sub(1) else {
        return Err(no_frame(FrameError::Empty));
    };
    let announced = usize::try_from(bytes).unwrap_or(usize::MAX);
    let mut first = [0_u8; 1];
    io.read_exact(&mut first).await?;
    let [kind] = first;
    let max = F::body_bytes_max(kind).map_err(no_frame)?;
    if announced > max {
        return Err(no_frame(FrameError::TooLong { kind, bytes: announced, max }));
    }
    let mut body = Vec::with_capacity(announced.min(SET_ASIDE_BYTES));
    let mut limited = AsyncReadExt::take(&mut *io, u64::from(bytes));
    limited.read_to_end(&mut body).await?;
    if body.len() < announced {
        let have = body.len();
        return Err(no_frame(FrameError::Short { have, announced }));
    }
    if io.read(&mut first).await? > 0 {
        return Err(no_frame(FrameError::Trailing));
    }
    F::parse(kind, body).map_err(no_frame)
}

/// Flushes but does not close: libp2p ends the stream's direction, which the reader waits for.
async fn write_frame<F: Frame + Sync, T: AsyncWrite + Unpin + Send>(io: &mut T, frame: &F) -> io::Result<()> {
    io.write_all(&frame.head()).await?;
    io.write_all(&frame.body()).await?;
    io.flush().await
}

/// Told apart from a broken stream by its kind, `InvalidData`.
fn no_frame(error: FrameError) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, error)
}

/// Set aside for a body before its first byte has come.
const SET_ASIDE_BYTES: usize = 64 * 1024;

#[cfg(test)]
mod tests {
    use std::pin::Pin;
    use std::task::{Context, Poll};

    use futures::io::Cursor;

    use super::super::frame::{ANSWER_BYTES_MAX, CHUNK_BYTES, HELLO_BYTES_MAX, PUSHED_BYTES_MAX, Refusal};
    use super::super::offer::{ChunkName, Offer};
    use super::*;

    async fn flaw<F: Frame + std::fmt::Debug>(wire: &[u8]) -> String {
        let read: io::Result<F> = read_frame(&mut Cursor::new(wire)).await;
        read.unwrap_err().to_string()
    }

    #[tokio::test]
    async fn every_frame_comes_back_as_it_was_written() {
        let requests = [
            Request::Hello(vec![3; HELLO_BYTES_MAX]),
            Request::Message(vec![]),
            Request::Message(vec![9; PUSHED_BYTES_MAX]),
            Request::Heartbeat,
            Request::Goodbye,
            Request::Offer(Offer::of(&vec![9; 3 * CHUNK_BYTES + 1])),
            Request::Papers(vec![4; 9]),
            Request::GetChunk(ChunkName { offer: [8; 32], number: 7 }),
        ];
        for request in requests {
            let mut wire = Vec::new();
            write_frame(&mut wire, &request).await.unwrap();
            assert!(wire == request.to_wire(), "the tap sees what is written");
            let back: Request = read_frame(&mut Cursor::new(wire)).await.unwrap();
            assert!(back == request);
        }
        let replies = [
            Reply::Welcome(vec![1, 2]),
            Reply::Refused(Refusal::CharterDiffers, vec![3; HELLO_BYTES_MAX]),
            Reply::Refused(Refusal::NotAdmitted, vec![]),
            Reply::Refused(Refusal::AnswerTooLarge, vec![]),
            Reply::Refused(Refusal::NotOffered, vec![]),
            Reply::Answer(vec![5; ANSWER_BYTES_MAX]),
            Reply::Chunk(vec![5; CHUNK_BYTES]),
            Reply::Busy,
            Reply::Noted,
        ];
        for reply in replies {
            let back: Reply = read_frame(&mut Cursor::new(reply.to_wire())).await.unwrap();
            assert!(back == reply);
        }
    }

    #[tokio::test]
    async fn a_golden_frame_never_changes() {
        let mut wire = Vec::new();
        let request = Request::Message(b"hi".to_vec());
        write_frame(&mut wire, &request).await.unwrap();
        assert_eq!(wire, [0, 0, 0, 3, 4, b'h', b'i']);
        let refused = Reply::Refused(Refusal::CharterDiffers, vec![7]);
        assert_eq!(refused.to_wire(), [0, 0, 0, 3, 3, 2, 7]);
    }

    #[tokio::test]
    async fn hostile_bytes_are_no_request() {
        let cases: [(&str, &[u8], &str); 13] = [
            ("nothing at all", &[], "unexpected end of file"),
            ("half a length", &[0, 0], "unexpected end of file"),
            ("a length and no kind", &[0, 0, 0, 1], "unexpected end of file"),
            ("length zero", &[0, 0, 0, 0], "no kind"),
            ("length zero and a kind", &[0, 0, 0, 0, 7], "no kind"),
            ("a body cut short", &[0, 0, 0, 9, 4, 1, 2], "after 2 of 8"),
            ("bytes after the body", &[0, 0, 0, 2, 4, 1, 2], "follow"),
            ("kind zero", &[0, 0, 0, 1, 0], "kind 0"),
            ("kind from the future", &[0, 0, 0, 1, 14], "kind 14"),
            ("an offer of nothing", &[0, 0, 0, 1, 10], "an offer whose chunks"),
            ("a chunk without a name", &[0, 0, 0, 2, 11, 1], "a chunk without a name"),
            ("a reply where a request belongs", &[0, 0, 0, 1, 6], "kind 6"),
            ("a heartbeat with a body", &[0, 0, 0, 2, 7, 1], "at most 0"),
        ];
        for (why, wire, expected) in cases {
            let got = flaw::<Request>(wire).await;
            assert!(got.contains(expected), "{why}: {got}");
        }
    }

    #[tokio::test]
    async fn hostile_bytes_are_no_reply() {
        let cases: [(&str, &[u8], &str); 4] = [
            ("a request where a reply belongs", &[0, 0, 0, 1, 4], "kind 4"),
            ("a refusal without a reason", &[0, 0, 0, 1, 3], "no known reason"),
            ("an unknown reason", &[0, 0, 0, 2, 3, 9], "no known reason"),
            ("busy with a body", &[0, 0, 0, 2, 6, 1], "at most 0"),
        ];
        for (why, wire, expected) in cases {
            let got = flaw::<Reply>(wire).await;
            assert!(got.contains(expected), "{why}: {got}");
        }
    }

    /// A stream that fails the test if more than the announced head is read from it.
    struct HeadOnly(Cursor<Vec<u8>>);

    impl AsyncRead for HeadOnly {
        fn poll_read(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &mut [u8]) -> Poll<io::Result<usize>> {
            let left = self.0.get_ref().len() - usize::try_from(self.0.position()).unwrap();
            assert!(left > 0, "the body was waited for with {} bytes", buf.len());
            Pin::new(&mut self.0).poll_read(cx, buf)
        }
    }

    #[tokio::test]
    async fn a_huge_announcement_is_cut_off_before_its_body() {
        let one_over = u32::try_from(PUSHED_BYTES_MAX + 2).unwrap();
        let hello_over = u32::try_from(HELLO_BYTES_MAX + 2).unwrap();
        let cases = [
            ("all ones", u32::MAX, 4),
            ("a message one byte over", one_over, 4),
            ("a hello one byte over", hello_over, 1),
            ("a heartbeat of a gigabyte", 1 << 30, 7),
        ];
        for (why, length, kind) in cases {
            let mut wire = length.to_be_bytes().to_vec();
            wire.push(kind);
            let mut stream = HeadOnly(Cursor::new(wire));
            let read: io::Result<Request> = read_frame(&mut stream).await;
            assert!(read.unwrap_err().to_string().contains("at most"), "{why}");
        }
    }
}
