// Takes up room on the disk.
// mode: write
// params: text
CREATE (:_Ballast {text: $text})
