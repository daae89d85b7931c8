//! Packets as bytes.

use super::*;

#[test]
fn messages_are_read_as_they_were_written_however_they_come() {
    let message = Publish {
        topic: "a/é".to_owned(),
        payload: vec![0; 300],
        qos: 1,
        retain: true,
        dup: true,
        id: 7,
        properties: vec![("n".to_owned(), "v".to_owned())],
    };
    for version in [Version::V3, Version::V5] {
        let mut bytes = Vec::new();
        version.push_publish(&message, &mut bytes);
        push_ack(Ack::Release, 9, &mut bytes);
        let mut seen = message.clone();
        if version == Version::V3 {
            seen.properties.clear();
        }
        for end in 0..bytes.len() - 4 {
            assert_eq!(version.read(&bytes[..end]), Ok(None), "{end}");
        }
        let (packet, length) = version.read(&bytes).unwrap().unwrap();
        assert_eq!(packet, Packet::Publish(seen));
        assert_eq!(version.read(&bytes[length..]), Ok(Some((Packet::Ack(Ack::Release, 9, 0), 4))));
    }
}

/// As they are in the standard, and as mosquitto sends them.
#[test]
fn answers_of_brokers() {
    let read = |version: Version, bytes: &[u8]| version.read(bytes).map(|read| read.map(|(packet, _)| packet));
    assert_eq!(
        read(Version::V3, &[0x20, 2, 1, 0]),
        Ok(Some(Packet::Connected { session: true, code: 0, receive_maximum: u16::MAX, longest: LONGEST }))
    );
    assert_eq!(
        read(Version::V5, &[0x20, 14, 0, 0, 11, 0x22, 0, 10, 0x21, 0, 20, 0x27, 0, 1, 0, 2]),
        Ok(Some(Packet::Connected { session: false, code: 0, receive_maximum: 20, longest: 65538 }))
    );
    assert_eq!(read(Version::V5, &[0x90, 4, 0, 1, 0, 0x87]), Ok(Some(Packet::Subscribed(vec![0x87]))));
    assert_eq!(read(Version::V5, &[0x40, 3, 0, 5, 0x97]), Ok(Some(Packet::Ack(Ack::Taken, 5, 0x97))));
    assert_eq!(read(Version::V3, &[0xD0, 0]), Ok(Some(Packet::Pong)));
    assert_eq!(read(Version::V5, &[0xE0, 1, 0x8E]), Ok(Some(Packet::Disconnect(0x8E))));
    for wrong in
        [&[0x20, 1, 0][..], &[0xF0, 0], &[0x30, 0xFF, 0xFF, 0xFF, 0xFF, 1], &[0x36, 2, 0, 0], &[0x30, 4, 0, 0, 1, 0x7F]]
    {
        assert!(read(Version::V5, wrong).is_err(), "{wrong:?}");
    }
}
