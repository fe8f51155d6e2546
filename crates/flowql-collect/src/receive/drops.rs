//! The datagrams that the kernel dropped, from `/proc/self/net`: nothing else says it without unsafe code.

use std::fs;

/// The column of the inode, and that of the drops.
const INODE: usize = 9;
const DROPS: usize = 12;

/// The drops of sockets, by their inodes, added up.
pub(crate) fn of(inodes: &[u64]) -> u64 {
    // A system without IPv6 lacks the second file.
    let tables = ["/proc/self/net/udp", "/proc/self/net/udp6"]
        .map(|path| fs::read_to_string(path).unwrap_or_default());
    tables
        .iter()
        .flat_map(|table| rows(table))
        .filter(|(inode, _)| inodes.contains(inode))
        .map(|(_, drops)| drops)
        .sum()
}

/// The inode and the drops of each socket in a table.
fn rows(table: &str) -> impl Iterator<Item = (u64, u64)> {
    table.lines().skip(1).filter_map(|line| {
        let mut columns = line.split_ascii_whitespace().skip(INODE);
        let inode = columns.next()?.parse().ok()?;
        let drops = columns.nth(DROPS - INODE - 1)?.parse().ok()?;
        Some((inode, drops))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_columns_are_those_of_the_kernel() {
        let table = "  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode ref pointer drops\n\
            \x20 170: 00000000:0807 00000000:0000 07 00000000:00033C00 00:00000000 00000000     0        0 26463 2 0000000065a1b86c 1234\n\
            \x20 171: 0100007F:0808 00000000:0000 07 00000000:00000000 00:00000000 00000000  1000        0 26464 2 0000000065a1b86d 0\n\
            cut off";
        assert_eq!(rows(table).collect::<Vec<_>>(), [(26463, 1234), (26464, 0)]);
        assert_eq!(rows("").count(), 0);
    }
}
