/**
 * Passwords of twelve characters and more that people choose again and again, in lower case. Shorter ones are refused by their
 * length, repetitions and sequences by a rule.
 */
export const COMMON_PASSWORDS: ReadonlySet<string> = new Set([
  '1q2w3e4r5t6y', '1q2w3e4r5t6y7u', '1qaz2wsx3edc', '1qaz2wsx3edc4rfv', 'qwerty123456', 'qwertyuiop12', 'qwertyuiop123', 'qwertyuiop1234',
  'qwertyuiopas', 'qwertyuiopasdf', 'qwertyuiopasdfghjkl', 'asdfghjkl123', 'zxcvbnm12345', 'qazwsxedcrfv', 'qazwsxedc123', '123qweasdzxc',
  'password1234', 'password12345', 'password123!', 'password2024', 'password2025', 'password2026', 'mypassword12', 'mypassword123',
  'passw0rd1234', 'p@ssw0rd1234', 'p@ssword1234', 'letmein12345', 'letmein123456', 'welcome12345', 'welcome123456', 'welcome2024!',
  'welcome2025!', 'welcome2026!', 'changeme1234', 'changeme12345', 'changemenow1', 'iloveyou1234', 'iloveyou12345', 'iloveyouforever',
  'sunshine1234', 'princess1234', 'football1234', 'baseball1234', 'superman1234', 'dragon123456', 'monkey123456', 'master123456',
  'administrator', 'administrator1', 'admin1234567', 'admin12345678', 'adminadmin123', 'root12345678', 'test12345678', 'testtest1234',
  'default12345', 'secret123456', 'hospital1234', 'hospital12345', 'hospital123456', 'doctor123456', 'nurse1234567', 'medical12345',
  'carecord1234', 'carecord12345', 'carecordcarecord', 'clinic123456', 'healthcare123', 'emergency112', 'emergency911', 'trustno1trustno1',
  'correcthorsebatterystaple', 'correct horse battery staple', 'thequickbrownfox', 'the quick brown fox', 'opensesame123', 'abc123456789',
  'abcd12345678', 'a1b2c3d4e5f6', 'aa1234567890', '123456789abc', '1234567890qwerty', '123abc456def', 'summer202412', 'winter202412',
]);
